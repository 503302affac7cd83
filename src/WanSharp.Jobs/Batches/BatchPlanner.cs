using System.Security.Cryptography;
using WanSharp.Engine.Requests;
using WanSharp.Jobs.Batches.Reading;
using WanSharp.Jobs.Batches.Wildcards;
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
    private readonly SortedSet<string> _replaced = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Chooses the wildcards of prompts; null takes prompts as they are written.</summary>
    public PromptExpander? Wildcards { get; init; }

    /// <summary>Names the clips of jobs that name none.</summary>
    public OutputNames Names { get; init; } = new([]);

    /// <summary>Whether files that are in the clips' places are replaced.</summary>
    public bool Overwrites { get; init; }

    /// <summary>The formats that were asked for and that the backend replaced: it has <see cref="IJobBackend.FormatFor"/>.</summary>
    public IReadOnlySet<string> ReplacedFormats => _replaced;

    /// <summary>Looks at each request once its wildcards are chosen, before anything of it is looked up; throws to refuse it.</summary>
    public Action<JobRequest>? Check { get; init; }

    /// <summary>Draws the seeds that are left to chance.</summary>
    public Func<ulong> DrawSeed { get; init; } = Draw;

    /// <summary>Plans all entries, or none.</summary>
    /// <param name="file">The file that they came from, for messages.</param>
    /// <param name="entries">The entries.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="BatchFileException">Entries cannot be made: all of these are named.</exception>
    /// <exception cref="InvalidRequestException">The backend has no clips of a format that is asked for.</exception>
    /// <exception cref="IOException">The program that would write a format cannot.</exception>
    public async Task<IReadOnlyList<NewJob>> PlanAsync(string file, IReadOnlyList<BatchEntry> entries, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var jobs = new List<NewJob>(entries.Count);
        var problems = new List<BatchProblem>();
        // as file systems may compare them: without case, accents in one form or the other
        var outputs = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in entries)
        {
            try
            {
                if (entry.Problem is { } problem)
                {
                    problems.Add(problem);
                    continue;
                }

                var job = await PlanAsync(entry, jobs.Count + problems.Count + 1, cancellationToken).ConfigureAwait(false);
                jobs.Add(
                    outputs.TryAdd(job.Output.Normalize(), entry.Line)
                        ? job
                        : throw new InvalidRequestException(
                            "output",
                            $"The output {job.Output} is already used by line {outputs[job.Output.Normalize()]}: give each job its own."
                        )
                );
            }
            catch (InvalidRequestException exception)
            {
                problems.Add(entry.ProblemOf(exception.Field, exception.Message) with { IsOfFile = exception.IsOfFile });
            }
            catch (Exception exception) when (exception is not BackendUnavailableException and (IOException or UnauthorizedAccessException))
            {
                problems.Add(new BatchProblem(entry.Line, exception.Message, IsOfFile: true));
            }
        }

        if (problems.Count > 0)
        {
            throw new BatchFileException(file, problems);
        }

        foreach (var format in jobs.Select(job => Path.GetExtension(job.Output).ToLowerInvariant()).Distinct())
        {
            await backend.RequireFormatAsync(format, cancellationToken).ConfigureAwait(false);
        }

        return jobs;
    }

    /// <summary>What a style sets by itself.</summary>
    /// <returns>Null where there is no such style.</returns>
    internal ClipSettings? SettingsOf(string style) =>
        styles.TryFind(style, out var found, out _) ? found.Style.Apply(new JobRequest { Prompt = Style.Placeholder }, model) : null;

    /// <summary>Plans one entry.</summary>
    /// <param name="entry">The entry, which has no problem yet.</param>
    /// <param name="number">Its number, for the name of its clip.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="InvalidRequestException">It cannot be made.</exception>
    public async ValueTask<NewJob> PlanAsync(BatchEntry entry, int number, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var (style, request) = ((string?)null, Resolved(entry));
        var prompt = request.Prompt;
        Check?.Invoke(request);
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
            Output = entry.Output is { } output
                ? Written(ArtifactName.Check(output, backend.Formats))
                : Names.For(number, request, prompt, style, Path.GetExtension(Written($"clip{extension}"))),
            Overwrites = Overwrites,
            Prepared = prepared,
        };
    }

    /// <summary>The name with the format that the backend writes.</summary>
    private string Written(string name)
    {
        var asked = Path.GetExtension(name);
        var written = backend.FormatFor(asked);
        if (written == asked)
        {
            return name;
        }

        _replaced.Add(asked);
        return Path.ChangeExtension(name, written);
    }

    /// <summary>The request with its seed drawn and its wildcards chosen; what was written is kept with it.</summary>
    private JobRequest Resolved(BatchEntry entry)
    {
        var request = entry.Request with { Seed = entry.DrawsSeed ? DrawSeed() : entry.Request.Seed };
        if (Wildcards is null)
        {
            return request;
        }

        var seed = request.Seed ?? 0;
        var resolved = request with
        {
            Prompt = Wildcards.Expand(request.Prompt, seed),
            NegativePrompt = request.NegativePrompt is { } negative ? Wildcards.Expand(negative, seed) : null,
        };
        return resolved.Prompt == request.Prompt ? resolved
            : resolved.Prompt.Trim().Length == 0
                ? throw new InvalidRequestException("prompt", $"'{request.Prompt}' is empty with seed {seed}: leave no choice empty.")
            : resolved with { Template = request.Prompt };
    }

    /// <summary>A seed by chance, of 32 bits: as many as other programs draw, and short enough for a file's name.</summary>
    public static ulong Draw() => BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));
}
