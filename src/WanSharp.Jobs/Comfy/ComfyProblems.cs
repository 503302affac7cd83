using System.Text.Json.Nodes;

namespace WanSharp.Jobs.Comfy;

/// <summary>
/// What a server says of a job that did not come to a good end. Messages: ComfyUI execution.py, <c>handle_execution_error </c>.
/// </summary>
internal sealed class ComfyProblems(ComfyServer server, ComfyWorkflow workflow)
{
    private static readonly string[] OutOfMemory = ["OutOfMemory", "out of memory", "Allocation on device"];

    /// <summary>What a node said that was held back while the rest of the workflow went on; null when none was.</summary>
    public string? Blocked { get; private set; }

    /// <summary>Whether an error only says that a node is held back, and keeps what it says.</summary>
    public bool IsBlock(JsonNode? data)
    {
        if (data.At("exception_type").Text() != "ExecutionBlocked")
        {
            return false;
        }

        Blocked = Line(data);
        return true;
    }

    /// <exception cref="NodeFailedException">The entry says that a node failed.</exception>
    /// <exception cref="InterruptedAtServerException">The entry says that somebody stopped the job.</exception>
    public void ThrowIfFailed(JsonObject history)
    {
        if (history.At("status").At("status_str").Text() != "error")
        {
            return; // success, or a server that is too old to say
        }

        foreach (var message in history.At("status").At("messages").Items().OfType<JsonArray>().Where(message => message.Count == 2))
        {
            switch (message[0].Text())
            {
                case "execution_error":
                    throw Failure(message[1]);
                case "execution_interrupted":
                    throw Interruption();
            }
        }

        throw new NodeFailedException($"{server.Name} failed without saying why: check its log.", isOutOfMemory: false);
    }

    public NodeFailedException Failure(JsonNode? data)
    {
        var type = data.At("exception_type").Text() ?? "";
        var message = data.At("exception_message").Text() ?? "";
        var isOutOfMemory = OutOfMemory.Any(mark =>
            type.Contains(mark, StringComparison.OrdinalIgnoreCase) || message.Contains(mark, StringComparison.OrdinalIgnoreCase)
        );
        return new NodeFailedException(Line(data), isOutOfMemory);
    }

    public InterruptedAtServerException Interruption() => new($"The job was stopped at {server.Name} by someone else.");

    private string Line(JsonNode? data)
    {
        var message = (data.At("exception_message").Text() ?? "").Trim();
        var node = data.At("node_id").Text() is { } id ? workflow.NameOf(id) : "a node";
        return server.Clean(
            $"{node} failed at {server.Name}: "
                + $"{(message.Length > 0 ? message : data.At("exception_type").Text() ?? "it does not say why")}"
        );
    }
}
