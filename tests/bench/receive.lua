-- wrk: sends signed deliveries that were made before, each once (then again from the start).
-- BENCH_DELIVERIES names the file: a line each, signature, tab, body. BENCH_HEADER names the
-- signature header, BENCH_STOP (optional) the number after which to stop.
local deliveries, header = {}, os.getenv("BENCH_HEADER")
local stop, answered, at = tonumber(os.getenv("BENCH_STOP") or "0"), 0, 0

function init(args)
   for line in io.lines(os.getenv("BENCH_DELIVERIES")) do
      local tab = line:find("\t", 1, true)
      deliveries[#deliveries + 1] = wrk.format("POST", nil,
         { ["Content-Type"] = "application/json", [header] = line:sub(1, tab - 1) },
         line:sub(tab + 1))
   end
end

function request()
   at = at % #deliveries + 1
   return deliveries[at]
end

function response()
   answered = answered + 1
   if stop > 0 and answered >= stop then wrk.thread:stop() end
end

if stop == 0 then response = nil end
