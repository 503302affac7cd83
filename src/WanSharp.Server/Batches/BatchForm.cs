using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Server.Http;
using WanSharp.Server.Videos;

namespace WanSharp.Server.Batches;

/// <summary>
/// The fields of a request for a batch. What reads its jobs takes all of it: a field that would count for nothing is refused.
/// </summary>
internal sealed record BatchForm
{
    /// <summary>Prompts, a line each; null where a file brings the jobs.</summary>
    public string? Prompts { get; private init; }

    /// <summary>The styles in which each prompt is made.</summary>
    public IReadOnlyList<string> Styles { get; private init; } = [];

    /// <summary>The seeds with which each prompt is made.</summary>
    public IReadOnlyList<ulong?> Seeds { get; private init; } = [];

    /// <summary>The priority of jobs that say none.</summary>
    public int Priority { get; private init; }

    /// <summary>What the client calls the batch.</summary>
    public string Name { get; private init; } = "";

    /// <summary>Whether the jobs are planned and not made.</summary>
    public bool IsDry { get; private init; }

    /// <summary>The settings of jobs that say none.</summary>
    public JobRequest Defaults { get; private init; } = new() { Prompt = "" };

    /// <summary>Reads a request's fields.</summary>
    /// <exception cref="ApiException">A field is not known, contradicts another, or its value is not one.</exception>
    public static BatchForm Read(RequestBody body)
    {
        SettingNames.RequireNoRivals(body);
        return body.Fields.Aggregate(
            new BatchForm(),
            (form, field) =>
                field.Name switch
                {
                    "prompts" => form with { Prompts = field.Text },
                    "styles" => form with
                    {
                        Styles = field.Text.Split([',', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
                    },
                    "seeds" => form with { Seeds = SeedsOf(field.Text) },
                    "priority" => form with { Priority = VideoFields.Priority(field.Text) },
                    "name" => form with { Name = VideoFields.Short(field.Name, field.Text) },
                    "dry_run" => form with { IsDry = VideoFields.Flag(field.Name, field.Text) },
                    _ => form with { Defaults = VideoFields.Set(form.Defaults, body, field) },
                }
        );
    }

    /// <summary>The jobs of a file.</summary>
    /// <exception cref="ApiException">There are fields that go with prompts alone.</exception>
    public IReadOnlyList<BatchEntry> ReadJobs(string path) =>
        Styles.Count > 0 ? throw OfPrompts("styles")
        : Seeds.Count > 0 ? throw OfPrompts("seeds")
        : BatchFile.Read(path, Defaults, Priority);

    /// <summary>The prompts of a file, each with each style and seed.</summary>
    /// <exception cref="ApiException">There are both seeds and one seed for all.</exception>
    public IReadOnlyList<BatchEntry> ReadPrompts(string path) =>
        Seeds.Count > 0 && Defaults.Seed is not null
            ? throw ApiException.Invalid("seed", "There are both seeds and seed: leave one out.")
            : BatchFile.ReadPrompts(path, Styles, Seeds, Defaults, Priority);

    private static ApiException OfPrompts(string field) =>
        ApiException.Invalid(field, $"The {field} go with prompts: in a file of jobs, each line sets its own {field[..^1]}.");

    private static IReadOnlyList<ulong?> SeedsOf(string text) =>
        text.Length == 0 ? []
        : SeedRange.TryParse(text, out var seeds, out var error) ? seeds
        : throw ApiException.Invalid("seeds", error);
}
