-- The script of wrk: sends the requests of a file in random order, and prints the result as a line of JSON.
-- Arguments: the file, a different number for each run, and "count" to count replies by status.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("thread_number", #threads)
end

function init(args)
  requests = dofile(args[1])
  run = tonumber(args[2])
  math.randomseed(run * 64 + thread_number)
  sent = 0
  served, busy, busy_without_retry, other = 0, 0, 0, 0
  if args[3] == "count" then
    -- This function makes wrk slower, so it is defined only if it is needed.
    function response(status, headers)
      if status >= 200 and status < 300 then
        served = served + 1
      elseif status == 503 then
        busy = busy + 1
        if not headers["Retry-After"] then busy_without_retry = busy_without_retry + 1 end
      else
        other = other + 1
      end
    end
  end
end

-- UNIQUEUNIQUEUN in a request is replaced by a unique text of the same length.
function request()
  local r = requests[math.random(#requests)]
  local from, to = r:find("UNIQUEUNIQUEUN", 1, true)
  if not from then return r end
  sent = sent + 1
  return r:sub(1, from - 1) .. string.format("%04d%02d%08d", run, thread_number, sent) .. r:sub(to + 1)
end

function done(summary, latency)
  local counts = { served = 0, busy = 0, busy_without_retry = 0, other = 0 }
  for _, thread in ipairs(threads) do
    for name in pairs(counts) do counts[name] = counts[name] + (thread:get(name) or 0) end
  end
  local e = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"socket_errors":%d,' ..
    '"served":%d,"busy":%d,"busy_without_retry":%d,"other":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout,
    counts.served, counts.busy, counts.busy_without_retry, counts.other))
end
