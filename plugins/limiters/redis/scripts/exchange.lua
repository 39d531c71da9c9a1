-- Adds what one gateway saw and reads what all of them saw within the window.
--
-- KEYS: hashes "<bucket>:ok" and "<bucket>:failed" -> count. ARGV: window_us, bucket_us, then for
-- each key what to add to ok and failed. Answers ok, failed of each key.
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])
local window, width = tonumber(ARGV[1]), tonumber(ARGV[2])
local newest = math.floor(now / width)
local oldest = newest - math.floor(window / width) + 1
local totals = {}
for i = 1, #KEYS do
  local key, ok, failed = KEYS[i], ARGV[1 + 2 * i], ARGV[2 + 2 * i]
  if ok ~= '0' then redis.call('HINCRBY', key, newest .. ':ok', ok) end
  if failed ~= '0' then redis.call('HINCRBY', key, newest .. ':failed', failed) end
  if ok ~= '0' or failed ~= '0' then
    redis.call('PEXPIRE', key, string.format('%.0f', math.ceil((window + width) / 1000)))
  end
  local sums = { ok = 0, failed = 0 }
  local fields = redis.call('HGETALL', key)
  for j = 1, #fields, 2 do
    local bucket, kind = string.match(fields[j], '^(%d+):(%a+)$')
    bucket = tonumber(bucket)
    if not bucket or bucket < oldest or bucket > newest then
      redis.call('HDEL', key, fields[j])
    else
      sums[kind] = (sums[kind] or 0) + tonumber(fields[j + 1])
    end
  end
  totals[2 * i - 1], totals[2 * i] = sums.ok, sums.failed
end
return totals
