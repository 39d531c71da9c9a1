// Percentiles of latencies by HdrHistogram: each argument is a file of uint64 nanoseconds, each line
// of standard output a JSON object in milliseconds. Three significant figures, 1 us to 100 s.
import { readFileSync } from 'node:fs';
import { build } from 'hdr-histogram-js';

const MICROSECONDS_MAX = 100_000_000;

function percentiles(path) {
  const bytes = readFileSync(path);
  const histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: MICROSECONDS_MAX, numberOfSignificantValueDigits: 3 });
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const us = Math.round(Number(bytes.readBigUInt64LE(at)) / 1000);
    histogram.recordValue(Math.min(Math.max(us, 1), MICROSECONDS_MAX));
  }
  const ms = (us) => us / 1000;
  return {
    count: histogram.totalCount,
    p50: ms(histogram.getValueAtPercentile(50)),
    p90: ms(histogram.getValueAtPercentile(90)),
    p99: ms(histogram.getValueAtPercentile(99)),
    p999: ms(histogram.getValueAtPercentile(99.9)),
    max: ms(histogram.maxValue),
  };
}

for (const path of process.argv.slice(2)) console.log(JSON.stringify(percentiles(path)));
