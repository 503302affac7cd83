using System.Text.Json.Nodes;
using WanSharp.Jobs.Results;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>Makes clips with a workflow on one or several ComfyUI servers. Thread-safe.</summary>
/// <remarks>
/// A job goes to the server with the fewest. When a server is lost, or a node of it fails, another takes the job; when a
/// server runs out of memory it is told to free it, once. Where a job is, is written down before it is sent, in
/// <see cref="JobRun.SnapshotPath"/>: after a crash it is found there, or its finished clip is.
/// </remarks>
public sealed class ComfyBackend : IJobBackend
{
    private readonly ComfyWorkflow _workflow;
    private readonly ComfyMapping _mapping;
    private readonly ComfyBackendOptions _options;
    private readonly ComfyServers _servers;

    /// <summary>A backend; nothing is asked of the servers yet.</summary>
    /// <param name="servers">Addresses such as <c>http://127.0.0.1:8188</c>; at least one.</param>
    /// <param name="workflow">What to run.</param>
    /// <param name="mapping">Which of its inputs take what a job asks for.</param>
    /// <param name="options">How patient to be.</param>
    public ComfyBackend(IReadOnlyList<Uri> servers, ComfyWorkflow workflow, ComfyMapping mapping, ComfyBackendOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(servers);
        ArgumentOutOfRangeException.ThrowIfZero(servers.Count);
        (_workflow, _mapping, _options) = (workflow, mapping, options ?? new ComfyBackendOptions());
        _servers = new ComfyServers(servers, _options);
    }

    /// <inheritdoc/>
    public string Name => "comfy";

    /// <summary>Jobs that keep all servers busy.</summary>
    public int Concurrency => _servers.Concurrency;

    /// <summary>What the workflow writes: an extension with its dot; null when its node does not tell.</summary>
    public string? Format => _mapping.Output is { } output ? FormatOf(_workflow.Nodes[output]) : null;

    /// <summary>Asks each server what it is.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>A line for each: version and devices, or why it cannot be used.</returns>
    public async Task<IReadOnlyList<string>> DescribeAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(_servers.All.Select(server => server.TryDescribeAsync(cancellationToken))).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<PreparedJob> PrepareAsync(JobRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var filled = FilledWorkflow.Fill(_workflow, _mapping, request);
        return new PreparedJob
        {
            ExecutionGroup = ResultKey.Of("comfy", _workflow.ToJson(), $"{request.Width}x{request.Height}x{request.Frames}"),
            FeatureGroup = ResultKey.Of(request.Prompt, request.Negative ?? "", string.Join('\n', request.Images.Values)),
            ResultKey = await filled.KeyAsync(cancellationToken).ConfigureAwait(false),
            Settings = filled.Settings.ToJsonString(),
            Seed = filled.Seed,
            Steps = filled.Steps,
        };
    }

    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        RequireFormat(run.ArtifactPath);
        var filled = FilledWorkflow.Fill(_workflow, _mapping, run.Job.Request);
        var key = await filled.KeyAsync(cancellationToken).ConfigureAwait(false);
        var failures = new List<Exception>();
        var tried = new HashSet<ComfyServer>();
        for (var ticket = ComfyTicket.TryRead(run.SnapshotPath, key); ; ticket = null)
        {
            using var place = await _servers.ChooseAsync(ticket?.Server, tried, failures, cancellationToken).ConfigureAwait(false);
            if (place is null)
            {
                throw Conclude(failures, run.SnapshotPath);
            }

            var attempt = new ComfyAttempt(place.Server, _workflow, _mapping, filled, key, run, _options);
            try
            {
                return await attempt.RunAsync(ticket?.Server == place.Server.Name ? ticket : null, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ServerLostException or PromptRefusedException or NodeFailedException)
            {
                tried.Add(place.Server);
                failures.Add(e);
                if (e is ServerLostException)
                {
                    _servers.NoteLost(place.Server);
                }
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _servers.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>What to say when no server made the clip: the failure that says most of the job.</summary>
    private static Exception Conclude(List<Exception> failures, string ticketPath)
    {
        if (failures.OfType<NodeFailedException>().FirstOrDefault() is { } failed)
        {
            File.Delete(ticketPath);
            return failed;
        }

        var refused = failures.OfType<PromptRefusedException>().FirstOrDefault();
        if (refused is not null)
        {
            File.Delete(ticketPath);
            return failures.TrueForAll(failure => failure is PromptRefusedException) ? new InvalidRequestException("workflow", refused.Message) : refused;
        }

        return new BackendUnavailableException($"No ComfyUI server can be used. {string.Join(" ", failures.Select(failure => failure.Message).Distinct())} Start it or correct its address, then resume.", failures.LastOrDefault());
    }

    private void RequireFormat(string path)
    {
        var wanted = Path.GetExtension(path).ToLowerInvariant();
        if (Format is { } format && format != wanted)
        {
            throw new InvalidRequestException("output", $"{_workflow.NameOf(_mapping.Output!)} of {_workflow.Source} writes {format}, and the job's file is to be {wanted}: ask for {format}, or change the node.");
        }
    }

    private static string? FormatOf(ComfyNode node) => (node.ClassType, (node.Inputs["format"] as JsonValue).Text()) switch
    {
        ("SaveVideo", null or "auto" or "mp4") => ".mp4",
        ("SaveWEBM", _) => ".webm",
        ("SaveAnimatedWEBP", _) => ".webp",
        ("SaveAnimatedPNG", _) => ".png",
        ("VHS_VideoCombine", { } format) when format.Contains("mp4", StringComparison.Ordinal) => ".mp4",
        ("VHS_VideoCombine", { } format) when format.Contains("webm", StringComparison.Ordinal) => ".webm",
        ("VHS_VideoCombine", "image/gif") => ".gif",
        ("VHS_VideoCombine", "image/webp") => ".webp",
        _ => null,
    };
}
