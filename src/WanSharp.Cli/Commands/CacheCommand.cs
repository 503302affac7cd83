using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Outputs;
using WanSharp.Runtime;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan cache</c>: shows and removes what is kept between runs.</summary>
internal sealed class CacheCommand(CliEnvironment environment)
{
    private readonly Option<bool> _json = CommonOptions.Json();
    private readonly Option<TimeSpan?> _olderThan = Amounts.TimeOption(
        "--older-than",
        "Remove what has not been used for this long: 7d, 12h, 30min."
    );
    private readonly Option<long?> _maximum = Amounts.SizeOption(
        "--max-size",
        "Then remove the least recently used until this much is left: 20GB."
    );

    private readonly Argument<string?> _section = ChoiceOption.CreateArgument<string?>(
        "section",
        "Only this section.",
        [.. CacheSections.All.Select(name => (name, (string?)name))]
    );

    private CacheRoot Root => environment.Host.Caches;

    public static Command Build(CliEnvironment environment)
    {
        var self = new CacheCommand(environment);
        self._section.Arity = ArgumentArity.ZeroOrOne;
        var stats = new Command("stats", "Show what is kept, and how often it was used.") { self._json };
        stats.SetAction(self.Stats);
        var prune = new Command("prune", "Remove old entries, or shrink to a size.") { self._olderThan, self._maximum, self._json };
        prune.SetAction(self.Prune);
        var clear = new Command("clear", "Remove everything, or a section.") { self._section, self._json };
        clear.SetAction(self.Clear);
        var command = new Command("cache", "Show or remove what is kept between runs.")
        {
            stats.WithExamples("wan cache stats", "wan cache stats --json"),
            prune.WithExamples("wan cache prune --older-than 7d --max-size 20GB"),
            clear.WithExamples("wan cache clear", "wan cache clear results"),
        };
        return command.WithExamples("wan cache stats", "wan cache prune --older-than 7d --max-size 20GB", "wan cache clear results");
    }

    private int Stats(ParseResult parsed)
    {
        var root = Root;
        var sections = root.Statistics();
        var graphs = new GraphHistory(Path.Combine(root.Folder, CacheSections.Graphs)).Read();
        if (parsed.GetValue(_json))
        {
            var rows = sections.ToDictionary(section => section.Section, section => Output(section.Statistics));
            environment.Out.WriteLine(JsonText.Of(new CacheOutput(root.Folder, rows, GraphsOutput.From(graphs))));
            return ExitCode.Done;
        }

        environment.Out.WriteLine(PlainText.OneLine(root.Folder));
        environment.Out.WriteLine(
            $"{"section", -12}{"entries", 8}{"size", 10}{"limit", 9}{"hits", 7}{"misses", 8}{"damaged", 8}  not used since"
        );
        foreach (var (name, section) in sections)
        {
            var oldest = section.OldestUse?.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
            environment.Out.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name, -12}{section.Entries, 8}{ByteSize.Text(section.Bytes), 10}"
                        + $"{(section.MaximumBytes is { } limit ? ByteSize.Text(limit) : "-"), 9}"
                        + $"{section.Hits, 7}{section.Misses, 8}{section.Damaged, 8} "
                        + $" {oldest ?? "-"}"
                )
            );
        }

        if (graphs.Count > 0)
        {
            environment.Out.WriteLine();
            environment.Out.WriteLine("compiled graphs, in all runs:");
        }

        foreach (var line in GraphText.Lines(graphs))
        {
            environment.Out.WriteLine(line);
        }

        return ExitCode.Done;
    }

    private int Prune(ParseResult parsed)
    {
        var (olderThan, maximum) = (parsed.GetValue(_olderThan), parsed.GetValue(_maximum));
        if (olderThan is null && maximum is null)
        {
            throw new InvalidRequestException(
                "prune",
                "Name what to remove: --older-than 7d, --max-size 20GB, or both. `wan cache clear` removes everything."
            );
        }

        return Report(Root.Prune(olderThan, maximum), parsed);
    }

    private int Clear(ParseResult parsed) =>
        Report(Root.Prune(olderThan: null, maximumBytes: -1, parsed.GetValue(_section) is { } section ? [section] : null), parsed);

    private int Report(IReadOnlyList<(string Section, PruneResult Removed)> sections, ParseResult parsed)
    {
        if (parsed.GetValue(_json))
        {
            environment.Out.WriteLine(
                JsonText.Of<IReadOnlyDictionary<string, PrunedOutput>>(
                    sections.ToDictionary(
                        section => section.Section,
                        section => new PrunedOutput(
                            section.Removed.Entries,
                            section.Removed.Bytes,
                            section.Removed.InUse,
                            section.Removed.Refused
                        )
                    )
                )
            );
        }
        else
        {
            Describe(sections);
        }

        foreach (var (name, removed) in sections.Where(section => section.Removed.Refusal is not null))
        {
            environment.Error.WriteLine(PlainText.OneLine($"wan: {removed.Refused} of {name} cannot be removed: {removed.Refusal}"));
        }

        return sections.Any(section => section.Removed.Refusal is not null) ? ExitCode.Failed : ExitCode.Done;
    }

    private void Describe(IReadOnlyList<(string Section, PruneResult Removed)> sections)
    {
        foreach (var (name, removed) in sections.Where(section => section.Removed.Entries + section.Removed.InUse > 0))
        {
            var inUse = removed.InUse > 0 ? $"; {removed.InUse} stay, in use" : "";
            environment.Out.WriteLine($"{name}: {removed.Entries} removed, {ByteSize.Text(removed.Bytes)}{inUse}");
        }

        if (sections.All(section => section.Removed.Entries + section.Removed.InUse + section.Removed.Refused == 0))
        {
            environment.Out.WriteLine("Nothing to remove.");
        }
    }

    private static CacheSectionOutput Output(ContentStoreStatistics section) =>
        new(
            section.Entries,
            section.Bytes,
            section.MaximumBytes,
            section.OldestUse?.ToString("O", CultureInfo.InvariantCulture),
            section.Hits,
            section.Misses,
            section.Damaged,
            section.Evicted
        );
}
