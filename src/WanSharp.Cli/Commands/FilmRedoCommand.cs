using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Engine.Requests;
using WanSharp.Jobs;
using WanSharp.Jobs.Batches;
using WanSharp.Jobs.Films;
using WanSharp.Tensors;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan film redo</c>: one section of a film again, with another seed or prompt.</summary>
internal sealed class FilmRedoCommand(CliEnvironment environment)
{
    private readonly Argument<string> _folder = new("folder") { Description = "The film's folder." };
    private readonly Option<int?> _section = BatchOptions.Count("--section", "The section's number, from 1.", Film.MostSections);
    private readonly Option<string?> _seed = new("--seed")
    {
        Description = "The section's new seed. Default: random.",
        HelpName = "N|random",
    };
    private readonly Option<string?> _prompt = new("--prompt")
    {
        Description = "The section's new prompt. Its seed stays, unless another is given.",
        HelpName = "TEXT",
    };
    private readonly Option<bool> _keepRest = new("--keep-rest")
    {
        Description =
            "Lead the section to the frame that the next one begins with, so that all others stay as they are. Takes a model that takes a "
            + "last image.",
    };
    private readonly FilmOptions _options = new();

    public static Command Build(CliEnvironment environment)
    {
        var self = new FilmRedoCommand(environment);
        self._seed.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && text != "random" && !SettingFields.Seed.IsValue(text))
            {
                result.AddError($"--seed takes {SettingFields.Seed.Expected}, or random, not '{text}'.");
            }
        });
        var command = new Command("redo", "Make one section of a film again, and those that continue it; all others stay as they are.")
        {
            self._folder,
            self._section,
            self._seed,
            self._prompt,
            self._keepRest,
        };
        self._options.AddTo(command, isBegun: true);
        command.SetAction(self.RunAsync);
        return command.WithExamples(
            "wan film redo film/ --section 3 --seed 9",
            "wan film redo film/ --section 3 --prompt \"a calm sea at night\"",
            "wan film redo film/ --section 3 --keep-rest",
            "wan film redo film/ --section 3 --dry-run"
        );
    }

    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        FilmCommand.MakeAsync(
            environment,
            () =>
                _options.Continue(parsed, environment, parsed.GetValue(_folder)!, film => Change(film, parsed)) with
                {
                    KeepsAfter = parsed.GetValue(_keepRest) ? parsed.GetValue(_section) : null,
                },
            cancellationToken
        );

    private Film Change(Film film, ParseResult parsed)
    {
        var number =
            parsed.GetValue(_section)
            ?? throw new InvalidRequestException("section", $"Name the section with --section, from 1 to {film.Sections.Count}.");
        if (number > film.Sections.Count)
        {
            throw new InvalidRequestException("section", $"The film has {film.Sections.Count} sections: there is none of number {number}.");
        }

        if (film.Sections[number - 1].Clip is not null)
        {
            throw new InvalidRequestException("section", $"Section {number} is a clip of your own: there is nothing to make again.");
        }

        var sections = film.Sections.ToList();
        sections[number - 1] = sections[number - 1] with
        {
            Pin = null,
            Request = Changed(sections[number - 1].Request, parsed.GetValue(_prompt), parsed.GetValue(_seed)),
        };
        return film with { Sections = sections };
    }

    private static JobRequest Changed(JobRequest request, string? prompt, string? seed)
    {
        if (prompt is not null)
        {
            request = request with { Prompt = prompt };
        }

        return seed is null && prompt is not null ? request
            : seed is not (null or "random") && SettingFields.Seed.TrySet(request, seed, out var changed) ? changed
            : request with { Seed = BatchPlanner.Draw() };
    }
}
