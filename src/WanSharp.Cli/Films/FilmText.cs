using System.Globalization;
using System.Text;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Outputs;
using WanSharp.Jobs;
using WanSharp.Jobs.Films;
using WanSharp.Tensors;
using static System.FormattableString;

namespace WanSharp.Cli.Films;

/// <summary>What <c>wan film</c> says.</summary>
internal static class FilmText
{
    private const int MostPrompt = 60;

    /// <summary>What will be made, before it is.</summary>
    public static string Beginning(FilmPlan plan, string folder) => $"film: {Measures(plan)}, in {folder}";

    public static string Stopped(FilmRun run, FilmPlan plan, string folder) =>
        $"wan: stopped; the clips that are done stay ({run.Done} of {plan.Parts.Count}), nothing half-written was left behind. "
        + $"Resume with: wan film {ShellWord.Quote(folder)}";

    public static void WriteFailures(TextWriter error, IReadOnlyList<Job> failed, string folder)
    {
        foreach (var job in failed)
        {
            error.WriteLine(
                PlainText.OneLine(
                    $"wan: {job.Output} failed after {job.Attempts} {(job.Attempts == 1 ? "attempt" : "attempts")}: {job.Error}"
                )
            );
        }

        error.WriteLine(
            PlainText.OneLine(
                $"wan: the film is not joined, because {failed.Count} of its clips failed. Try them again with: "
                    + $"wan film {ShellWord.Quote(folder)}"
            )
        );
    }

    /// <summary>A film that was made.</summary>
    /// <param name="plan">The film.</param>
    /// <param name="jobs">The jobs of its clips; null for clips of the user's.</param>
    /// <param name="path">The film's file.</param>
    /// <param name="folder">The folder of its clips.</param>
    /// <param name="elapsed">How long this run took.</param>
    public static FilmOutput Output(FilmPlan plan, IReadOnlyList<Job?> jobs, string path, string folder, TimeSpan elapsed) =>
        new(
            path,
            folder,
            Math.Round(elapsed.TotalSeconds, 3),
            plan.Format.Width,
            plan.Format.Height,
            plan.Format.Frames,
            plan.Format.Fps,
            plan.Film.Sections.Count,
            jobs.Count(job => job?.Outcome is { FromCache: false, WasThere: false }),
            jobs.Count(job => job?.Outcome is { FromCache: true }),
            [.. plan.Parts.Zip(jobs, (part, job) => Clip(part, plan, "done", job?.Output))]
        );

    /// <summary>A film that would be made.</summary>
    /// <param name="plan">The film.</param>
    /// <param name="states">Where each of its clips is.</param>
    public static FilmDryRunOutput Output(FilmPlan plan, IReadOnlyList<PartState> states)
    {
        var seconds = plan.Seconds(part => states[part.Number - 1] is not (PartState.Done or PartState.Cached));
        return new FilmDryRunOutput(
            plan.Format.Width,
            plan.Format.Height,
            plan.Format.Frames,
            plan.Format.Fps,
            plan.Film.Sections.Count,
            plan.Chains,
            seconds is { } known ? Math.Round(known.Sum, 1) : null,
            seconds is { } of ? Math.Round(of.Longest, 1) : null,
            [.. plan.Parts.Zip(states, (part, state) => Clip(part, plan, NameOf(state), file: null))]
        );
    }

    public static string Describe(FilmOutput film) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{film.Path}: {film.Width}x{film.Height}, {film.Frames} frames at {film.Fps} fps ({film.Frames / film.Fps:0.##} s), "
                + $"{Count(film.Sections, "section")} of {Count(film.Clips.Count, "clip")}: {film.Computed} computed, "
                + $"{film.Cached} from the cache, {film.Seconds:0.0} s"
        );

    public static string Describe(FilmDryRunOutput film)
    {
        var text = new StringBuilder();
        foreach (var clip in film.Clips)
        {
            text.Append(
                    CultureInfo.InvariantCulture,
                    $"{clip.State, -7} section {clip.Section, 2}  {clip.Start, -8} {clip.Frames, 4} frames  {Seed(clip.Seed)}"
                )
                .AppendLine(PlainText.OneLine(Short(clip.Prompt)));
        }

        var run = film.Clips.Count(clip => clip.State is "run" or "waits" or "open");
        text.Append(
            CultureInfo.InvariantCulture,
            $"{film.Width}x{film.Height}, {film.Frames} frames at {film.Fps} fps ({film.Frames / film.Fps:0.##} s), "
                + $"{Count(film.Sections, "section")} of {Count(film.Clips.Count, "clip")}: {run} to make, "
                + $"up to {film.Parallel} at the same time"
        );
        if (film is { Seconds: { } seconds, LongestChain: { } longest } && run > 0)
        {
            text.Append(Invariant($"; about {seconds:0} s one after the other, {longest:0} s where enough run at the same time"));
        }

        return text.Append('.').ToString();
    }

    /// <summary>The film that a clip says it is.</summary>
    /// <param name="film">The film.</param>
    /// <param name="file">The clip.</param>
    public static string Describe(Film film, string file)
    {
        var text = new StringBuilder();
        foreach (var (i, section) in film.Sections.Index())
        {
            var (request, isGiven) = (section.Request, section.Clip is not null);
            var start = isGiven ? "given" : section.Start?.ToString().ToLowerInvariant();
            text.Append(CultureInfo.InvariantCulture, $"section {i + 1, 2}  {start, -8} ")
                .Append(isGiven ? "" : Invariant($"{request.Frames, 4} frames  {Seed(request.Seed)}"))
                .AppendLine(PlainText.OneLine(section.Clip is { } clip ? Path.GetFileName(clip.Path) : request.Prompt));
        }

        var quoted = ShellWord.Quote(file);
        return text.AppendLine()
            .AppendLine(CultureInfo.InvariantCulture, $"A film of {Count(film.Sections.Count, "section")}. These commands make it again:")
            .AppendLine(CultureInfo.InvariantCulture, $"wan inspect {quoted} --json > again.json")
            .Append("wan film again.json -o again.mp4")
            .ToString();
    }

    private static string Measures(FilmPlan plan) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{plan.Format.Width}x{plan.Format.Height}, {plan.Format.Frames} frames at {plan.Format.Fps} fps "
                + $"({plan.Format.Frames / plan.Format.Fps:0.##} s), {Count(plan.Film.Sections.Count, "section")} of "
                + $"{Count(plan.Parts.Count, "clip")}, up to {plan.Chains} at the same time"
        );

    private static FilmClipOutput Clip(FilmPart part, FilmPlan plan, string state, string? file) =>
        new(
            part.Section,
            part.Clip is not null ? "given"
                : part.Continues ? "continue"
                : "cut",
            part.Show,
            part.Clip is null ? part.Request.Prompt : part.Title,
            plan.Settings[part.Number - 1]?.Seed,
            state,
            file
        );

    private static string NameOf(PartState state) =>
        state switch
        {
            PartState.Ready => "run",
            _ => state.ToString().ToLowerInvariant(),
        };

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static string Seed(ulong? seed) => seed is { } known ? Invariant($"seed {known}  ") : "";

    private static string Short(string prompt) => prompt.Length <= MostPrompt ? prompt : prompt[..MostPrompt].TrimEnd() + "…";
}
