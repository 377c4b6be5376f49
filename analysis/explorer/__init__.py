"""The explorer: landscapes and studies as one page that asks nobody else, with views that are linked."""
