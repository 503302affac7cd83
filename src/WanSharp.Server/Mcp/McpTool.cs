using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using WanSharp.Server.Security;

namespace WanSharp.Server.Mcp;

/// <summary>A tool that agents call. What goes wrong comes back as the tool's error, which says the way out.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does, for the agent that chooses.</param>
/// <param name="schema">What it takes.</param>
/// <param name="changes">Whether it changes anything.</param>
/// <param name="run">Runs it.</param>
/// <param name="explain">Why an exception was thrown, for the agent.</param>
internal sealed class McpTool(
    string name,
    string description,
    JsonObject schema,
    bool changes,
    Func<McpCall, CancellationToken, Task<JsonObject>> run,
    Func<Exception, string> explain
) : McpServerTool
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc/>
    public override Tool ProtocolTool { get; } =
        new()
        {
            Name = name,
            Description = description,
            InputSchema = JsonSerializer.SerializeToElement(schema),
            Annotations = new ToolAnnotations { ReadOnlyHint = !changes },
        };

    /// <inheritdoc/>
    public override IReadOnlyList<object> Metadata => [];

    /// <inheritdoc/>
    public override async ValueTask<CallToolResult> InvokeAsync(
        RequestContext<CallToolRequestParams> request,
        CancellationToken cancellationToken = default
    )
    {
        try
        {
            var arguments = request.Params?.Arguments ?? new Dictionary<string, JsonElement>();
            var call = new McpCall(arguments, Caller.Of(request.User), ProgressOf(request));
            call.RequireKnown(schema);
            var answer = await run(call, cancellationToken).ConfigureAwait(false);
            return new CallToolResult { Content = [new TextContentBlock { Text = answer.ToJsonString(Readable) }] };
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new CallToolResult { IsError = true, Content = [new TextContentBlock { Text = explain(exception) }] };
        }
    }

    private static Func<int, string, CancellationToken, Task>? ProgressOf(RequestContext<CallToolRequestParams> request) =>
        request.Params?.ProgressToken is { } token
            ? (percent, message, cancellationToken) =>
                request.Server.NotifyProgressAsync(
                    token,
                    new ProgressNotificationValue
                    {
                        Progress = percent,
                        Total = 100,
                        Message = message,
                    },
                    cancellationToken: cancellationToken
                )
            : null;
}
