-- Hourgate for HAProxy: asks the gate about each call before it is forwarded. HAProxy's configuration
-- (`hourgate snippets haproxy`) loads this file and calls it as `http-request lua.hourgate`.
-- Grants by setting txn.hourgate_granted; whatever else happens, nothing is granted.

local gate = { url = "{{ask_url}}", dst = {{ask_dst}}, timeout = 5000 }

-- What describes HAProxy's connection to the client or the body, which the gate does not get.
local left_out = {
    ["host"] = true, ["connection"] = true, ["keep-alive"] = true, ["proxy-connection"] = true,
    ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
    ["content-length"] = true, ["expect"] = true,
}

-- Headers of the gate's answer that the configuration uses, and the variables they go to.
local kept = {
    ["x-hourgate-workspace"] = "workspace", ["x-hourgate-member"] = "member",
    ["x-hourgate-role"] = "role", ["x-hourgate-plan"] = "plan",
    ["x-hourgate-token"] = "token", ["x-hourgate-env"] = "env",
    ["x-hourgate-scopes"] = "scopes", ["x-hourgate-own"] = "own",
    ["x-hourgate-bearer"] = "bearer",
    ["x-hourgate-decision"] = "decision", ["x-hourgate-would"] = "would",
    ["x-hourgate-plan-lapses"] = "lapses", ["x-hourgate-token-expires"] = "expires",
    ["deprecation"] = "rotated", ["sunset"] = "sunset", ["x-ratelimit-limit"] = "limit",
    ["x-ratelimit-remaining"] = "remaining", ["x-ratelimit-reset"] = "reset",
    ["ratelimit-policy"] = "policy", ["ratelimit"] = "left",
}

local function ask(txn)
    local headers, headers_of_call = {}, txn.http:req_get_headers()
    for name, values in pairs(headers_of_call) do
        if not left_out[name] then
            headers[name] = values
        end
    end
    -- Whose API is asked for; what the caller claims under this name is removed before.
    headers["x-forwarded-host"] = headers_of_call["host"] and { headers_of_call["host"][0] } or nil
    headers["host"] = { "localhost" } -- the gate answers under its own names alone: [server] hosts
    headers["x-forwarded-method"] = { txn.sf:method() }
    headers["x-forwarded-uri"] = { txn.sf:pathq() }
    headers["x-forwarded-for"] = { txn.sf:src() }
    -- Which API the calls are forwarded to: the gate refuses those of another one.
    local api = txn:get_var("txn.hourgate_api")
    return core.httpclient():get({
        url = gate.url .. (api and "?api=" .. api or ""), dst = gate.dst, timeout = gate.timeout, headers = headers,
    })
end

-- A refusal, passed on as the gate wrote it.
local function refuse(txn, answer)
    local reply = txn:reply({ status = answer.status, body = answer.body })
    for name, values in pairs(answer.headers) do
        if not left_out[name] then
            for _, value in pairs(values) do
                reply:add_header(name, value)
            end
        end
    end
    txn:done(reply)
end

core.register_action("hourgate", { "http-req" }, function(txn)
    local answer = ask(txn)
    -- Only decisions of the gate have a number. With another status, HAProxy is not in [trust] peers,
    -- or this is no gate.
    if not answer or not answer.headers or not answer.headers["x-hourgate-decision"] then
        if answer and (answer.status == 404 or answer.status == 421) then
            txn:set_var("txn.hourgate_not_understood", "yes")
        end
        return
    end
    if answer.status ~= 200 then
        return refuse(txn, answer)
    end
    for name, variable in pairs(kept) do
        if answer.headers[name] then
            txn:set_var("txn.hourgate_" .. variable, answer.headers[name][0])
        end
    end
    txn:set_var("txn.hourgate_granted", "yes")
end)
