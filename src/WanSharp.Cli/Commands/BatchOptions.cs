using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Terminal;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Batches.Wildcards;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary>What a batch consists of: a file of jobs, or prompts with styles and seeds, and what they have in common.</summary>
internal sealed class BatchOptions
{
    private readonly Argument<string?> _file = new("jobs")
    {
        Description = "The jobs: .jsonl, one JSON object per line, or a table with a column 'prompt' (.csv, .tsv, .txt).",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _prompts = new("--prompts")
    {
        Description = "A file of prompts instead, one per line; # begins a comment.",
        HelpName = "FILE",
    };
    private readonly Option<string?> _styles = new("--styles")
    {
        Description = "Each prompt in each of these styles, such as anime,ink,写实.",
        HelpName = "A,B,…",
    };

    private readonly Option<IReadOnlyList<ulong?>> _seeds = new("--seeds")
    {
        Description = "Each prompt with each of these seeds, such as 0..3, 1,5,9 or random:4. Default: 0; with ComfyUI the workflow's own.",
        HelpName = "A..B|random:N",
        DefaultValueFactory = _ => [],
        CustomParser = argument =>
        {
            if (SeedRange.TryParse(argument.Tokens[0].Value, out var seeds, out var error))
            {
                return seeds;
            }

            argument.AddError(error);
            return null;
        },
    };

    private readonly Option<string?> _wildcards = new("--wildcards")
    {
        Description =
            "The folder with the wildcard files that __name__ refers to. Default: wildcards next to the file of jobs, then the user's own.",
        HelpName = "FOLDER",
    };

    private readonly Option<bool> _noWildcards = new("--no-wildcards")
    {
        Description = "Use prompts literally: {a|b} and __name__ are not expanded.",
    };
    private readonly SettingOptions _settings = new(withSeed: false);

    private readonly Option<int> _priority = new("--priority")
    {
        Description = "Priority of the jobs; higher ones run first. A line of a file can set its own. Default: 0.",
        HelpName = "N",
    };

    public BatchOptions() =>
        _priority.Validators.Add(result =>
        {
            if (Math.Abs((long)result.GetValueOrDefault<int>()) > BatchEntry.HighestPriority)
            {
                result.AddError(
                    $"--priority {result.GetValueOrDefault<int>()} is outside -{BatchEntry.HighestPriority} "
                        + $"to {BatchEntry.HighestPriority}."
                );
            }
        });

    /// <summary>Adds the argument and the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_file);
        Option[] options = [_prompts, _styles, _seeds, _wildcards, _noWildcards];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        _settings.AddTo(command);
        command.Options.Add(_priority);
    }

    /// <summary>The file that the jobs come from; null when there is none.</summary>
    public string? Source(ParseResult parsed) => parsed.GetValue(_file) ?? parsed.GetValue(_prompts);

    /// <summary>Chooses the wildcards of prompts; null where prompts are taken as they are written.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="source">The file that the jobs come from.</param>
    /// <param name="environment">The surroundings.</param>
    /// <exception cref="InvalidRequestException">Options contradict each other, or there is no such folder.</exception>
    public PromptExpander? OpenWildcards(ParseResult parsed, string source, CliEnvironment environment)
    {
        var folder = parsed.GetValue(_wildcards);
        if (parsed.GetValue(_noWildcards))
        {
            return folder is null
                ? null
                : throw new InvalidRequestException("wildcards", "--wildcards and --no-wildcards were both given: leave one out.");
        }

        return folder is null || Directory.Exists(folder)
            ? new PromptExpander(new WildcardFiles(folder is not null ? [folder] : environment.Host.WildcardFolders(source)))
            : throw new InvalidRequestException("wildcards", $"There is no folder {folder}: name the one that holds the wildcards' files.")
            {
                IsOfFile = true,
            };
    }

    /// <summary>Reads the jobs.</summary>
    /// <exception cref="InvalidRequestException">Options contradict each other, or the file is none.</exception>
    public IReadOnlyList<BatchEntry> Read(ParseResult parsed)
    {
        var (file, prompts) = (parsed.GetValue(_file), parsed.GetValue(_prompts));
        if (file is not null && prompts is not null)
        {
            throw new InvalidRequestException("prompts", "A file of jobs and --prompts were both given: give only one.");
        }

        var defaults = _settings.Read(parsed, new JobRequest { Prompt = "" });
        if (prompts is not null)
        {
            return BatchFile.ReadPrompts(
                prompts,
                parsed.GetValue(_styles)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
                parsed.GetValue(_seeds)!,
                defaults,
                parsed.GetValue(_priority)
            );
        }

        Option[] ofPrompts = [_styles, _seeds];
        return ofPrompts.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is { } stray
            ? throw new InvalidRequestException(
                "styles",
                $"{stray.Name} works only with --prompts: in a file of jobs, each line sets its own {stray.Name[2..].TrimEnd('s')}."
            )
            : BatchFile.Read(file!, defaults, parsed.GetValue(_priority));
    }

    /// <summary>An option that takes a whole number from 1.</summary>
    public static Option<int?> Count(string name, string description, int most)
    {
        var option = NumberOption.Create<int>(name, description, "N");
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is { } count && (count < 1 || count > most))
            {
                result.AddError(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{name} {count} is outside 1 to {most}: the nearest is {Math.Clamp(count, 1, most)}."
                    )
                );
            }
        });
        return option;
    }
}
