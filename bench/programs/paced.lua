-- Asks at a steady rate over all connections: each waits so many milliseconds between requests.
local milliseconds = tonumber(os.getenv("PACE_MS"))

function delay()
  return milliseconds
end
