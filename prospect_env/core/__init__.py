"""The contracts everything else is written against: games, chance, policies, forecasts, episodes."""
