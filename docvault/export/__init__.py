"""Everything a person has: taken along as one ZIP file, or deleted for good."""
