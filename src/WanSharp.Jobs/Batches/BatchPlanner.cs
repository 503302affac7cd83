using WanSharp.Jobs.Styles;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Batches;

/// <summary>Makes the entries of a batch into jobs: styles applied, each request checked by the backend, outputs named.</summary>
/// <param name="backend">Checks the requests.</param>
/// <param name="styles">The styles.</param>
/// <param name="model">The model's name, for styles that treat it differently.</param>
/// <param name="extension">The format of clips that name no output, with its dot.</param>
public sealed class BatchPlanner(IJobBackend backend, StyleCatalog styles, string model, string extension)
{
    /// <summary>Plans all entries, or none.</summary>
    /// <param name="file">The file that they came from, for messages.</param>
    /// <param name="entries">The entries.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="BatchFileException">Entries cannot be made: all of these are named.</exception>
    public async Task<IReadOnlyList<NewJob>> PlanAsync(string file, IReadOnlyList<BatchEntry> entries, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var jobs = new List<NewJob>(entries.Count);
        var problems = new List<BatchProblem>();
        var outputs = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase); // as file systems may compare them
        foreach (var entry in entries)
        {
            try
            {
                var job = await PlanAsync(entry, jobs.Count + problems.Count + 1, cancellationToken).ConfigureAwait(false);
                jobs.Add(outputs.TryAdd(job.Output, entry.Line)
                    ? job
                    : throw new InvalidRequestException("output", $"The output {job.Output} is already that of line {outputs[job.Output]}: give each job its own."));
            }
            catch (Exception exception) when (exception is not BackendUnavailableException and (InvalidRequestException or IOException or UnauthorizedAccessException))
            {
                problems.Add(new BatchProblem(entry.Line, exception.Message));
            }
        }

        return problems.Count == 0 ? jobs : throw new BatchFileException(file, problems);
    }

    private async ValueTask<NewJob> PlanAsync(BatchEntry entry, int number, CancellationToken cancellationToken)
    {
        if (entry.Problem is { } problem)
        {
            throw new InvalidRequestException("line", problem);
        }

        var (style, request) = ((string?)null, entry.Request);
        if (entry.Style is { } asked)
        {
            if (!styles.TryFind(asked, out var found, out var error))
            {
                throw new InvalidRequestException("style", error);
            }

            (style, request) = (found.Name, found.Style.Apply(request, model));
        }

        var prepared = await backend.PrepareAsync(request, cancellationToken).ConfigureAwait(false);
        request = request with { Seed = request.Seed ?? prepared.Seed };
        return new NewJob
        {
            Request = request,
            Style = style,
            Priority = entry.Priority,
            UseCache = entry.UseCache,
            Output = entry.Output is { } output ? ArtifactName.Check(output) : ArtifactName.For(number, entry.Request.Prompt, style, request.Seed, extension),
            Prepared = prepared,
        };
    }
}
