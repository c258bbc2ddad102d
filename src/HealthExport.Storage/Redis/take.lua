-- Takes the whole of a cost from a key's hour, or nothing of it; by this server's clock, for callers' clocks differ.
-- The same as HourWindow, to the microsecond.
--
-- KEYS[1]  a hash: m is the present minute (since 1970), r and b are the requests and bytes of the hour, and rN and bN
--          those of the minute whose remainder by 60 is N. At most 123 fields, gone an hour after the last change.
-- ARGV     allowed requests, allowed bytes, requests and bytes to take, the minute to give them back to (or 0), then
--          any number of triples: minute, requests and bytes that somebody knows to have been taken in it.
-- Returns  1 if it was taken; requests and bytes used; microseconds until it would fit (-1 for never), until one
--          request would, and until one byte would; the minute it was taken in; now, in microseconds since 1970; of that
--          minute the requests and bytes of all, those taken just now included, 0 where none of them was.
local key = KEYS[1]
local allowed_r, allowed_b = tonumber(ARGV[1]), tonumber(ARGV[2])
local cost_r, cost_b, back_to = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local minute = math.floor(time[1] / 60)

local head = redis.call('HMGET', key, 'm', 'r', 'b')
local present, used_r, used_b = tonumber(head[1]) or minute, tonumber(head[2]) or 0, tonumber(head[3]) or 0
local changed = false

if used_r == 0 and used_b == 0 then
    present = minute
elseif minute >= present + 60 then
    redis.call('DEL', key)
    present, used_r, used_b = minute, 0, 0
elseif minute > present then
    -- The places of the new minutes hold what is an hour older.
    local names = {}
    for at = present + 1, minute do
        names[#names + 1] = 'r' .. at % 60
        names[#names + 1] = 'b' .. at % 60
    end
    local gone = redis.call('HMGET', key, unpack(names))
    for i = 1, #gone, 2 do
        used_r, used_b = used_r - (tonumber(gone[i]) or 0), used_b - (tonumber(gone[i + 1]) or 0)
    end
    redis.call('HDEL', key, unpack(names))
    present, changed = minute, true
elseif minute <= present - 60 then
    -- The clock was set back by more than the hour: all of it is as of now.
    redis.call('DEL', key)
    redis.call('HSET', key, 'r' .. minute % 60, used_r, 'b' .. minute % 60, used_b)
    present, changed = minute, true
end

for i = 6, #ARGV, 3 do
    local at = tonumber(ARGV[i])
    if at > present - 60 and at <= present then
        local r, b = 'r' .. at % 60, 'b' .. at % 60
        local known = redis.call('HMGET', key, r, b)
        local more_r = math.max(0, tonumber(ARGV[i + 1]) - (tonumber(known[1]) or 0))
        local more_b = math.max(0, tonumber(ARGV[i + 2]) - (tonumber(known[2]) or 0))
        if more_r > 0 then redis.call('HINCRBY', key, r, more_r) end
        if more_b > 0 then redis.call('HINCRBY', key, b, more_b) end
        used_r, used_b, changed = used_r + more_r, used_b + more_b, true
    end
end

-- By name; read once, for nothing is written any more once something does not fit.
local hour
local function read_hour()
    if hour then return hour end
    local fields = redis.call('HGETALL', key)
    hour = {}
    for i = 1, #fields, 2 do hour[fields[i]] = tonumber(fields[i + 1]) end
    return hour
end

local function wait_for(r, b)
    if r > allowed_r or b > allowed_b then return -1 end
    -- Where an allowance was lowered below what is used, what takes none of it still goes.
    local over_r = r > 0 and used_r + r - allowed_r or 0
    local over_b = b > 0 and used_b + b - allowed_b or 0
    if over_r <= 0 and over_b <= 0 then return 0 end
    local fields = read_hour()
    for at = present - 59, present do
        over_r, over_b = over_r - (fields['r' .. at % 60] or 0), over_b - (fields['b' .. at % 60] or 0)
        if over_r <= 0 and over_b <= 0 then return (at + 60) * 60000000 - now end
    end
end

local wait, minute_r, minute_b = 0, 0, 0
if back_to > 0 then
    if back_to > present - 60 and back_to <= present then
        local r, b = 'r' .. back_to % 60, 'b' .. back_to % 60
        local known = redis.call('HMGET', key, r, b)
        local back_r = math.min(cost_r, tonumber(known[1]) or 0)
        local back_b = math.min(cost_b, tonumber(known[2]) or 0)
        if back_r > 0 then redis.call('HINCRBY', key, r, -back_r) end
        if back_b > 0 then redis.call('HINCRBY', key, b, -back_b) end
        used_r, used_b, changed = used_r - back_r, used_b - back_b, true
    end
else
    wait = wait_for(cost_r, cost_b)
    if wait == 0 and (cost_r > 0 or cost_b > 0) then
        if cost_r > 0 then minute_r = redis.call('HINCRBY', key, 'r' .. present % 60, cost_r) end
        if cost_b > 0 then minute_b = redis.call('HINCRBY', key, 'b' .. present % 60, cost_b) end
        used_r, used_b, changed = used_r + cost_r, used_b + cost_b, true
    end
end
if changed then
    redis.call('HSET', key, 'm', present, 'r', used_r, 'b', used_b)
    -- Longer than the hour by what the present minute may still last and the clock may go wrong.
    redis.call('EXPIRE', key, 3720)
end
return {
    wait == 0 and 1 or 0, used_r, used_b, wait, wait_for(1, 0), wait_for(0, 1), present, now, minute_r, minute_b
}
