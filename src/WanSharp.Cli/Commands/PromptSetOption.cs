using System.CommandLine;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Batches.Wildcards;
using WanSharp.Tensors;
using WanSharp.Tools.Quality;

namespace WanSharp.Cli.Commands;

/// <summary>The prompts by which something is chosen, and the others by which it is judged.</summary>
internal sealed class PromptSetOption
{
    private const int MostClips = 1000;
    private readonly int _usual;
    private readonly int _usualJudges;

    private readonly Option<string?> _file = new("--prompts")
    {
        Description =
            "A file of typical prompts, in wan batch's format. They are used in turn: one to choose settings, the next to check them. "
            + "Default: simple prompts of the program's own.",
        HelpName = "FILE",
    };

    private readonly Option<int?>? _clips;

    /// <param name="usual">How many prompts choose without the option.</param>
    /// <param name="usualJudges">How many check then.</param>
    public PromptSetOption(int usual, int usualJudges)
    {
        (_usual, _usualJudges) = (usual, usualJudges);
        _clips = BatchOptions.Count(
            "--clips",
            $"Most prompts to choose with, and as many to check with. Default: {usual}, and {usualJudges} to check that a loss is kept.",
            MostClips
        );
    }

    private PromptSetOption() => (_usual, _usualJudges) = (MostClips, SimplePrompts.Judging.Count);

    /// <summary>All prompts, whose number no option says.</summary>
    public static PromptSetOption OfAll() => new();

    public void AddTo(Command command)
    {
        command.Options.Add(_file);
        if (_clips is not null)
        {
            command.Options.Add(_clips);
        }
    }

    /// <summary>Whether it was said how many clips are made.</summary>
    public bool IsCounted(ParseResult parsed) => _clips is not null && parsed.GetValue(_clips) is not null;

    /// <summary>The prompts.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="first">The first of those that choose; null for none.</param>
    /// <param name="judgesLoss">Whether a loss is promised, for which more must check than for a time.</param>
    /// <exception cref="InvalidRequestException">There are too few.</exception>
    public (IReadOnlyList<string> Choose, IReadOnlyList<string> Judge) Read(
        ParseResult parsed,
        string? first = null,
        bool judgesLoss = true
    )
    {
        var asked = _clips is null ? null : parsed.GetValue(_clips);
        var (most, mostJudges) = (asked ?? _usual, asked ?? (judgesLoss ? _usualJudges : _usual));
        if (parsed.GetValue(_file) is not { } file)
        {
            return ([.. First(SimplePrompts.Tuning).Take(most)], [.. Others(SimplePrompts.Others).Take(mostJudges)]);
        }

        List<string> prompts = [.. Prompts(file).Where(prompt => prompt != first).Distinct()];
        return prompts.Count >= 2
            ? ([.. First(Every(0)).Take(most)], [.. Others(Every(1)).Take(mostJudges)])
            : throw new InvalidRequestException(
                "prompts",
                $"{file} has {prompts.Count} prompts: one chooses and another judges, so give two."
            );

        IEnumerable<string> First(IEnumerable<string> all) => first is null ? all : Others(all).Prepend(first);

        IEnumerable<string> Others(IEnumerable<string> all) => all.Where(one => one != first);

        IEnumerable<string> Every(int remainder) => prompts.Where((_, i) => i % 2 == remainder);
    }

    /// <summary>The prompts of a file, which <c>wan batch</c> reads alike, wildcards too.</summary>
    private static IEnumerable<string> Prompts(string file)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var wildcards = new PromptExpander(new WildcardFiles([Path.Combine(folder, "wildcards")]));
        var seed = 0ul;
        foreach (var entry in BatchFile.ReadPrompts(file, styles: [], seeds: [], new JobRequest { Prompt = "" }))
        {
            yield return entry.Problem is { } problem
                ? throw new InvalidRequestException("prompts", $"{file}, line {problem.Line}: {problem.Message}")
                : wildcards.Expand(entry.Request.Prompt, seed++);
        }
    }
}
