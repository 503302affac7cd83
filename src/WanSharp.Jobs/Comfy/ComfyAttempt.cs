using System.Text.Json.Nodes;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>One job at one server: sent, or found there again; watched; its clip fetched.</summary>
internal sealed class ComfyAttempt(
    ComfyServer server, ComfyWorkflow workflow, ComfyMapping mapping, FilledWorkflow filled, string key, JobRun run, ComfyBackendOptions options)
{
    /// <summary>How often a server may forget a job, by starting anew, before it counts as lost.</summary>
    private const int MostSends = 3;

    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(5);

    private readonly ComfyProgress _progress = new(workflow, filled.Steps, run.Progress, options.Clock);

    /// <param name="ticket">Where the job was sent before a crash: it may be there still. Null to send it.</param>
    /// <param name="cancellationToken">Stops the job at its server.</param>
    public async Task<JobOutcome> RunAsync(ComfyTicket? ticket, CancellationToken cancellationToken)
    {
        var started = options.Clock.GetTimestamp();
        var isFreed = false;
        while (true)
        {
            try
            {
                var history = await MakeAsync(ticket, cancellationToken).ConfigureAwait(false);
                await server.DownloadAsync(Clip(history), run.ArtifactPath, cancellationToken).ConfigureAwait(false);
                return new JobOutcome
                {
                    StageSeconds = _progress.StageSeconds(),
                    ComputeSeconds = Seconds(history) ?? options.Clock.GetElapsedTime(started).TotalSeconds,
                    MeanBatchSize = 1,
                    MadeBy = $"comfy {server.Name}",
                };
            }
            catch (NodeFailedException e) when (e.IsOutOfMemory && !isFreed)
            {
                isFreed = true;
                await server.FreeAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (InterruptedAtServerException)
            {
                File.Delete(run.SnapshotPath); // the next attempt sends it anew
                throw;
            }

            ticket = null;
            _progress.Restart();
        }
    }

    /// <summary>Brings the job to its end.</summary>
    /// <returns>Its entry in the server's history.</returns>
    private async Task<JsonObject> MakeAsync(ComfyTicket? ticket, CancellationToken cancellationToken)
    {
        for (var sends = 0; sends < MostSends; ticket = null)
        {
            var isSent = ticket is not null;
            ticket ??= ComfyTicket.Create(server, key);
            await using var watch = new ComfyWatch(server, workflow, _progress, options) { Ticket = ticket };
            try
            {
                await watch.ListenAsync(cancellationToken).ConfigureAwait(false);
                if (!isSent)
                {
                    sends++;
                    watch.Ticket = await SendAsync(ticket, cancellationToken).ConfigureAwait(false);
                }

                if (await watch.WaitAsync(cancellationToken).ConfigureAwait(false) is { } history)
                {
                    return history;
                }
            }
            catch (OperationCanceledException)
            {
                await StopAsync(watch.Ticket).ConfigureAwait(false);
                throw;
            }
        }

        throw new ServerLostException($"{server.Name} forgot the job {MostSends} times: it seems to end while it runs. Look at its log.");
    }

    private async Task<ComfyTicket> SendAsync(ComfyTicket ticket, CancellationToken cancellationToken)
    {
        var names = new Dictionary<ComfyRole, string>();
        foreach (var (role, path) in filled.Images)
        {
            var name = await FilledWorkflow.DigestAsync(path, cancellationToken).ConfigureAwait(false) + Path.GetExtension(path).ToLowerInvariant();
            names[role] = await server.UploadAsync(path, name, cancellationToken).ConfigureAwait(false);
        }

        ticket.Write(run.SnapshotPath);
        var id = await server.SendAsync(filled.NodesWith(names), ticket.PromptId, ticket.ClientId, cancellationToken).ConfigureAwait(false);
        if (id != ticket.PromptId) // a server that is too old to take ours
        {
            ticket = ticket with { PromptId = id };
            ticket.Write(run.SnapshotPath);
        }

        return ticket;
    }

    /// <summary>Stops the job where it is, as far as the server can be reached.</summary>
    private async Task StopAsync(ComfyTicket ticket)
    {
        using var limit = new CancellationTokenSource(FarewellTime, options.Clock);
        try
        {
            await server.StopAsync(ticket.PromptId, limit.Token).ConfigureAwait(false);
            File.Delete(run.SnapshotPath);
        }
        catch (Exception e) when (e is ServerLostException or OperationCanceledException)
        {
            // It ends there without us; a next run finds what it made.
        }
    }

    /// <summary>The file that is the clip: of the node that the mapping names, and of the format that is wanted.</summary>
    private ComfyOutputFile Clip(JsonObject history)
    {
        var wanted = Path.GetExtension(run.ArtifactPath).ToLowerInvariant();
        var files = ComfyOutputFile.In(history).Where(file => mapping.Output is null || file.Node == mapping.Output).ToList();
        var what = mapping.Output is null ? "The workflow" : workflow.NameOf(mapping.Output);
        return files.Where(file => file.Format == wanted).MinBy(file => file.Type == "output" ? 0 : 1)
            ?? throw new InvalidRequestException("output", files.Count == 0
                ? $"{what} gave no file at {server.Name}: name the node that saves the clip as \"output\" in a mapping file."
                : $"{what} gave {string.Join(", ", files.Select(file => file.Format).Distinct())} at {server.Name}, and not {wanted}: ask for that format, or change the node.");
    }

    /// <summary>How long the server worked, by its own clock.</summary>
    private static double? Seconds(JsonObject history)
    {
        var times = history.At("status").At("messages").Items().OfType<JsonArray>().Where(message => message.Count == 2)
            .Select(message => message[1].At("timestamp").Number()).OfType<double>().ToList();
        return times.Count > 1 ? (times.Max() - times.Min()) / 1000 : null;
    }
}
