using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace WanSharp.Testing.Comfy;

/// <summary>What is sent to be made: checked as the server checks it, queued, deleted, stopped.</summary>
public sealed partial class FakeComfy
{
    private async Task<IResult> PromptAsync(HttpRequest request)
    {
        var body = await BodyAsync(request);
        var nodes = body["prompt"]!.AsObject();
        var id = IsOld || body["prompt_id"] is null ? Guid.NewGuid().ToString("D") : body["prompt_id"]!.GetValue<string>();
        if (!Guid.TryParseExact(id, "D", out var parsed) || id != parsed.ToString("D"))
        {
            return Json(
                new JsonObject
                {
                    ["error"] = Error("invalid_prompt_id", "prompt_id must be a valid UUID", ""),
                    ["node_errors"] = new JsonObject(),
                },
                400
            );
        }

        var (error, outputs, errors) = Validate(nodes);
        if (error is not null)
        {
            return Json(new JsonObject { ["error"] = error, ["node_errors"] = errors }, 400);
        }

        lock (_gate)
        {
            var extra = new JsonObject { ["client_id"] = body["client_id"]!.GetValue<string>(), ["create_time"] = 1_700_000_000_000 };
            Pending.Add(
                new JsonArray(_number, id, nodes.DeepClone(), extra, new JsonArray([.. outputs.Select(output => JsonValue.Create(output))]))
            );
            _number++;
        }

        _arrived.Release();
        return Json(
            new JsonObject
            {
                ["prompt_id"] = id,
                ["number"] = _number - 1,
                ["node_errors"] = errors,
            }
        );
    }

    /// <summary>
    /// As execution.py: a missing class refuses all; an output with an invalid node behind it is left out; without any left all is refused.
    /// </summary>
    private (JsonObject? Error, List<string> Outputs, JsonObject Errors) Validate(JsonObject nodes)
    {
        if (nodes.FirstOrDefault(node => Missing.Contains(ClassOf(node.Value))) is { Key: { } missing })
        {
            return (
                Error(
                    "missing_node_type",
                    $"Node '{ClassOf(nodes[missing])}' not found. The custom node may not be installed.",
                    $"Node ID '#{missing}'"
                ),
                [],
                []
            );
        }

        var outputs = nodes.Where(node => IsOutput(node.Value)).Select(node => node.Key).ToList();
        if (outputs.Count == 0)
        {
            return (Error("prompt_no_outputs", "Prompt has no outputs", ""), [], []);
        }

        var errors = new JsonObject();
        foreach (var (bad, details) in Invalid.Where(bad => nodes.ContainsKey(bad.Key)))
        {
            var dependent = outputs.Where(output => Ancestors(nodes, output).Contains(bad)).ToList();
            errors[bad] = new JsonObject
            {
                ["errors"] = new JsonArray(Error("value_not_in_list", "Value not in list", details)),
                ["dependent_outputs"] = new JsonArray([.. dependent.Select(output => JsonValue.Create(output))]),
                ["class_type"] = ClassOf(nodes[bad]),
            };
            outputs.RemoveAll(dependent.Contains);
        }

        return (
            outputs.Count > 0 ? null : Error("prompt_outputs_failed_validation", "Prompt outputs failed validation", ""),
            outputs,
            errors
        );
    }

    private static JsonObject Error(string type, string message, string details) =>
        new()
        {
            ["type"] = type,
            ["message"] = message,
            ["details"] = details,
            ["extra_info"] = new JsonObject(),
        };

    private bool Delete(JsonArray ids)
    {
        lock (_gate)
        {
            return ids.Sum(id => Pending.RemoveAll(item => item[1]!.GetValue<string>() == id!.GetValue<string>())) > 0;
        }
    }

    private bool Interrupt(JsonObject body)
    {
        lock (_gate)
        {
            var isAsked =
                Running is not null
                && (IsOld || body["prompt_id"] is null || body["prompt_id"]!.GetValue<string>() == Running[1]!.GetValue<string>());
            if (isAsked && !IgnoresInterrupts)
            {
                _interrupt?.Cancel();
            }

            return isAsked;
        }
    }

    private async Task<IResult> CancelAsync(HttpRequest request, string id)
    {
        if (IsOld)
        {
            return Results.StatusCode(405);
        }

        await BodyAsync(request);
        var isCancelled = Delete(new JsonArray(id)) || Interrupt(new JsonObject { ["prompt_id"] = id });
        return Json(new JsonObject { ["cancelled"] = isCancelled });
    }
}
