"""Everything a person has, as one ZIP file."""
