using System.Text.Json.Nodes;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>One job at one server: sent, or found there again; watched; its clip fetched.</summary>
internal sealed class ComfyAttempt(
    ComfyServer server,
    ComfyWorkflow workflow,
    ComfyMapping mapping,
    FilledWorkflow filled,
    string key,
    JobRun run,
    JobFate fate,
    ComfyBackendOptions options
)
{
    /// <summary>How often a job is sent again that disappears from its server's queue: somebody may clear it.</summary>
    private const int MostSends = 20;

    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(5);

    private readonly ComfyProgress _progress = new(workflow, filled.Steps, run.Progress, options.Clock);
    private string? _blocked;

    /// <param name="ticket">Where the job was sent before a crash: it may be there still. Null to send it.</param>
    /// <param name="cancellationToken">Stops the job at its server.</param>
    public async Task<JobOutcome> RunAsync(ComfyTicket? ticket, CancellationToken cancellationToken)
    {
        var started = options.Clock.GetTimestamp();
        var (isFreed, isSavedAnew) = (false, false);
        while (true)
        {
            try
            {
                var history = await MakeAsync(ticket, isSavedAnew, cancellationToken).ConfigureAwait(false);
                await server.DownloadAsync(Clip(history, isSavedAnew), run.ArtifactPath, cancellationToken).ConfigureAwait(false);
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
            catch (ClipGoneException) when (!isSavedAnew)
            {
                isSavedAnew = true; // it answered from its cache, with a file that was moved away since
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
    private async Task<JsonObject> MakeAsync(ComfyTicket? ticket, bool isSavedAnew, CancellationToken cancellationToken)
    {
        for (var sends = 0; sends < MostSends && !fate.IsDeadly; ticket = null)
        {
            var isSent = ticket is not null;
            ticket ??= ComfyTicket.Create(server, key);
            var watch = new ComfyWatch(server, workflow, _progress, fate, options) { Ticket = ticket };
            await using var watchEnd = watch.ConfigureAwait(false);
            try
            {
                await watch.ListenAsync(cancellationToken).ConfigureAwait(false);
                if (!isSent)
                {
                    sends++;
                    watch.Ticket = await SendAsync(ticket, isSavedAnew, cancellationToken).ConfigureAwait(false);
                }

                if (await watch.WaitAsync(cancellationToken).ConfigureAwait(false) is { } history)
                {
                    _blocked = watch.Blocked;
                    fate.IsRunning = false;
                    return history;
                }
            }
            catch (OperationCanceledException)
            {
                await StopAsync(watch.Ticket).ConfigureAwait(false);
                throw;
            }
            catch (JobAtServerException)
            {
                fate.IsRunning = false;
                throw;
            }

            fate.NoteForgotten();
        }

        throw fate.IsDeadly
            ? new InvalidRequestException(
                "workflow",
                $"{server.Name} ended each time while it ran this job: check its log. It may need more memory than is available."
            )
            : new JobRefusedException($"{server.Name} forgot the job {MostSends} times before it ran: someone may be clearing its queue.");
    }

    private async Task<ComfyTicket> SendAsync(ComfyTicket ticket, bool isSavedAnew, CancellationToken cancellationToken)
    {
        var names = new Dictionary<ComfyRole, string>();
        foreach (var (role, path) in filled.Images)
        {
            var digest = await FilledWorkflow.DigestAsync(path, cancellationToken).ConfigureAwait(false);
            names[role] = await server
                .UploadAsync(path, digest + Path.GetExtension(path).ToLowerInvariant(), cancellationToken)
                .ConfigureAwait(false);
        }

        var nodes = filled.NodesWith(names);
        if (isSavedAnew)
        {
            SaveAnew(nodes, ticket.PromptId);
        }

        ticket.Write(run.SnapshotPath);
        var id = await server.SendAsync(nodes, ticket, mapping.Output, cancellationToken).ConfigureAwait(false);
        if (id != ticket.PromptId) // a server that is too old to take ours
        {
            ticket = ticket with { PromptId = id };
            ticket.Write(run.SnapshotPath);
        }

        return ticket;
    }

    /// <summary>
    /// Makes the saving nodes write again what they saved before: their cache does not know a new name.
    /// </summary>
    private static void SaveAnew(JsonObject nodes, string name)
    {
        foreach (var (_, node) in nodes)
        {
            if (node.At("inputs") is JsonObject inputs && inputs["filename_prefix"].Text() is { } prefix)
            {
                inputs["filename_prefix"] = $"{prefix}_{name[..8]}";
            }
        }
    }

    /// <summary>Stops the job where it is, as far as the server can be reached.</summary>
    private async Task StopAsync(ComfyTicket ticket)
    {
        using var limit = new CancellationTokenSource(FarewellTime, options.Clock);
        try
        {
            await server.StopAsync(ticket, limit.Token).ConfigureAwait(false);
            File.Delete(run.SnapshotPath);
        }
        catch (Exception e) when (e is ServerLostException or OperationCanceledException)
        {
            // It ends there without us; a next run finds what it made.
        }
    }

    /// <summary>The file that is the clip: of the node that the mapping names, and of the format that is wanted.</summary>
    private ComfyOutputFile Clip(JsonObject history, bool isSavedAnew)
    {
        var wanted = Path.GetExtension(run.ArtifactPath).ToLowerInvariant();
        var files = ComfyOutputFile
            .In(history)
            .Where(file => mapping.Output is null || file.Node == mapping.Output)
            .DistinctBy(file => (file.Name, file.Folder, file.Type))
            .ToList();
        var what = mapping.Output is null ? "The workflow" : workflow.NameOf(mapping.Output);
        if (files.Count == 0)
        {
            if (!isSavedAnew && mapping.Output is { } output && IsCached(history, output))
            {
                throw new ClipGoneException($"{server.Name} answers from its cache, without saying which file {what} wrote.");
            }

            throw new InvalidRequestException(
                "output",
                _blocked ?? $"{what} wrote no file at {server.Name}: name the node that saves the clip as \"output\" in a mapping file."
            );
        }

        var kept = files.Where(file => file.Format == wanted).ToLookup(file => file.Type == "output");
        return (kept[true].Any() ? kept[true] : kept[false]).ToList() switch
        {
            [var clip] => clip,
            [] => throw new InvalidRequestException(
                "output",
                $"{what} gave {string.Join(", ", files.Select(file => file.Format).Distinct())} at {server.Name}, and not {wanted}: name "
                    + "the output so, or change the node."
            ),
            var several => throw new InvalidRequestException(
                "output",
                $"{what} gave {several.Count} {wanted} files at {server.Name}, but a clip is one file: {several[0].Name}, "
                    + $"{several[1].Name}{(several.Count > 2 ? " …" : "")}."
            ),
        };
    }

    /// <summary>Whether a server did not run a node again, because it had before.</summary>
    private static bool IsCached(JsonObject history, string node) =>
        history
            .At("status")
            .At("messages")
            .Items()
            .OfType<JsonArray>()
            .Any(message =>
                message.Count == 2 && message[0].Text() == "execution_cached" && message[1].At("nodes").Items().Any(id => id.Text() == node)
            );

    /// <summary>How long the server worked, by its own clock.</summary>
    private static double? Seconds(JsonObject history)
    {
        var times = history
            .At("status")
            .At("messages")
            .Items()
            .OfType<JsonArray>()
            .Where(message => message.Count == 2)
            .Select(message => message[1].At("timestamp").Number())
            .OfType<double>()
            .ToList();
        return times.Count > 1 ? (times.Max() - times.Min()) / 1000 : null;
    }
}
