#!/usr/bin/env bash
# Swagger UI as it is published on npm: the files here are the package's own, byte for byte.
#
#   third_party/swagger-ui/update.sh VERSION   takes the files of another version and writes SHA256SUMS and VERSION
#   third_party/swagger-ui/update.sh --check   compares the files with SHA256SUMS
set -euo pipefail
cd "$(dirname "$0")"
files=(swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt swagger-ui.css LICENSE NOTICE)

version=${1:?a version of swagger-ui-dist, or --check}
if [ "$version" = --check ]; then
  exec sha256sum --check --quiet --strict SHA256SUMS
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# npm pack verifies the package against the registry's own hash.
package=$(npm pack "swagger-ui-dist@$version" --pack-destination "$folder" --silent)
tar -xzf "$folder/$package" -C "$folder"
for file in "${files[@]}"; do
  cp "$folder/package/$file" "$file"
  chmod 644 "$file"
done
echo "$version" >VERSION
sha256sum "${files[@]}" VERSION >SHA256SUMS
