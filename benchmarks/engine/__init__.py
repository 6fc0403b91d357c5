"""How fast the engine delivers, beside what others would do with the same tables; see docs/performance.md."""
