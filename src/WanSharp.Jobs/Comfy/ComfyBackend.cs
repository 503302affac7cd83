using WanSharp.Jobs.Results;
using WanSharp.Jobs.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>Makes clips with a workflow on one or several ComfyUI servers. Thread-safe.</summary>
/// <remarks>
/// A job goes to the server with the fewest. When a server is lost, or a node of it fails, another takes the job; when a
/// server runs out of memory it is told to free it, once. What a server says of one job is that job's failure; trouble of all servers is
/// waited for. Where a job is, is written down before it is sent, in <see cref="JobRun.SnapshotPath"/>: after a crash it is found there, or
/// its finished clip is.
/// </remarks>
public sealed class ComfyBackend : IJobBackend
{
    private const string Workflow = "workflow";

    private readonly ComfyWorkflow _workflow;
    private readonly ComfyMapping _mapping;
    private readonly ComfyBackendOptions _options;
    private readonly ComfyServers _servers;

    /// <summary>A backend; nothing is asked of the servers yet.</summary>
    /// <param name="servers">The servers; at least one.</param>
    /// <param name="workflow">What to run.</param>
    /// <param name="mapping">Which of its inputs take what a job asks for.</param>
    /// <param name="options">How patient to be.</param>
    public ComfyBackend(
        IReadOnlyList<ComfyAddress> servers,
        ComfyWorkflow workflow,
        ComfyMapping mapping,
        ComfyBackendOptions? options = null
    )
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
    public string? Format => _mapping.Output is { } output ? ClipFormats.Of(_workflow.Nodes[output]) : null;

    /// <summary>The formats that workflows write, as extensions with dots: a certain one may write fewer.</summary>
    public static IReadOnlyList<string> AllFormats => ClipFormats.All;

    /// <inheritdoc/>
    public IReadOnlyList<string> Formats => Format is { } format ? [format] : ClipFormats.All;

    /// <summary>Asks each server what it is.</summary>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <returns>A line for each: version and devices, or why it cannot be used.</returns>
    public async Task<IReadOnlyList<string>> DescribeAsync(CancellationToken cancellationToken) =>
        await Task.WhenAll(_servers.All.Select(server => server.TryDescribeAsync(cancellationToken))).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<PreparedJob> PrepareAsync(JobRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (_mapping.Output is { } output && ClipFormats.WhyNoClip(_workflow.Nodes[output]) is { } reason)
        {
            throw new InvalidRequestException("output", $"{reason}, but a clip is one file: choose another format in {_workflow.Source}.");
        }

        var filled = FilledWorkflow.Fill(_workflow, _mapping, request);
        var digests = await filled.DigestsAsync(cancellationToken).ConfigureAwait(false);
        return new PreparedJob
        {
            ExecutionGroup = ResultKey.Of("comfy", _workflow.ToJson(), $"{request.Width}x{request.Height}x{request.Frames}"),
            FeatureGroup = ResultKey.Of(request.Prompt, request.NegativePrompt ?? "", string.Join('\n', request.Images.Values)),
            ResultKey = filled.KeyWith(digests),
            Settings = filled.SettingsWith(digests).ToJsonString(),
            Seed = filled.Seed,
            Steps = filled.Steps,
        };
    }

    /// <inheritdoc/>
    public ValueTask RequireFormatAsync(string extension, CancellationToken cancellationToken)
    {
        RequireFormat(extension);
        return ValueTask.CompletedTask;
    }

    /// <summary>A workflow or an image that changed since the job was planned makes another clip than was asked for.</summary>
    private static void RequirePlanned(string? difference)
    {
        if (difference is not null)
        {
            throw new InvalidRequestException(
                "image",
                "The workflow, an image, or how WanSharp fills the workflow changed since the job was planned "
                    + $"({difference}): start the batch again, in another folder or with --overwrite."
            );
        }
    }

    /// <summary>In what a job differs from what it was planned as; null where it does not.</summary>
    private static string? DifferenceOf(Job job, FilledWorkflow filled, IReadOnlyDictionary<ComfyRole, string> digests, string key) =>
        SettingsDifference.Has(job.Settings, Workflow) ? SettingsDifference.Find(job.Settings, filled.SettingsWith(digests).ToJsonString())
        : job.ResultKey is { } planned && planned != key ? Workflow
        : null;

    /// <inheritdoc/>
    public async Task<JobOutcome> RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        RequireFormat(run.ArtifactPath);
        var filled = FilledWorkflow.Fill(_workflow, _mapping, run.Job.Request);
        var digests = await filled.DigestsAsync(cancellationToken).ConfigureAwait(false);
        var key = filled.KeyWith(digests);
        RequirePlanned(DifferenceOf(run.Job, filled, digests, key));
        var fate = new JobFate();
        var failures = new List<JobAtServerException>();
        var tried = new HashSet<ComfyServer>();
        var (losses, lostSince) = (0, 0L);
        while (true)
        {
            // After a crash, or when its server was out of reach, the job may be there still.
            var ticket = ComfyTicket.TryRead(run.SnapshotPath, key);
            using var place = await _servers.ChooseAsync(ticket?.Server, tried, cancellationToken).ConfigureAwait(false);
            if (place is null)
            {
                File.Delete(run.SnapshotPath);
                throw Conclude(failures);
            }

            if (ticket?.Server != place.Server.Name)
            {
                ticket = null;
                fate.NoteForgotten();
            }
            var began = _options.Clock.GetTimestamp();
            try
            {
                var attempt = new ComfyAttempt(place.Server, _workflow, _mapping, filled, key, run, fate, _options);
                var outcome = await attempt.RunAsync(ticket, cancellationToken).ConfigureAwait(false);
                RequirePlanned(await filled.IsStillAsync(key, cancellationToken).ConfigureAwait(false) ? null : "image");
                return outcome;
            }
            catch (JobAtServerException e)
            {
                tried.Add(place.Server);
                failures.Add(e);
                File.Delete(run.SnapshotPath);
            }
            catch (ServerLostException e)
            {
                if (losses == 0 || _options.Clock.GetElapsedTime(began) > _options.LostAfter + _options.RequestTimeout)
                {
                    (losses, lostSince) = (0, _options.Clock.GetTimestamp()); // it went well for a while
                }

                losses++;
                if (losses > _servers.All.Count && _options.Clock.GetElapsedTime(lostSince) >= _options.ServerWait && e.IsWorthWaiting)
                {
                    // Such servers answer one question and not the next.
                    throw new BackendUnavailableException($"No ComfyUI server can be used. {e.Message} Check it, then resume.", e);
                }

                _servers.NoteLost(place.Server, e);
                await Task.Delay(_options.PollInterval, _options.Clock, cancellationToken).ConfigureAwait(false);
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
    private static Exception Conclude(List<JobAtServerException> failures) =>
        failures.OfType<NodeFailedException>().FirstOrDefault() is { } failed ? failed
        : failures.TrueForAll(failure => failure is JobRefusedException) ? new InvalidRequestException("workflow", failures[0].Message)
        : failures.Find(failure => failure is not JobRefusedException)!;

    private void RequireFormat(string path)
    {
        var wanted = Path.GetExtension(path).ToLowerInvariant();
        if (Format is { } format && format != wanted)
        {
            throw new InvalidRequestException(
                "output",
                $"{_workflow.NameOf(_mapping.Output!)} of {_workflow.Source} writes {format}, but the job's file is {wanted}: name "
                    + $"it {format}, or change the node."
            );
        }
    }
}
