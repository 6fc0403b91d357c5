"""From an idea to proof, one way: compose, validate, audience, plan, render, deliver, record."""
