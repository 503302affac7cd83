using System.CommandLine;
using System.Globalization;
using WanSharp.Cli.Terminal;
using WanSharp.Server.Security;

namespace WanSharp.Cli.Commands;

/// <summary><c>wan keys</c>: who may use a server.</summary>
internal sealed class KeysCommand(CliEnvironment environment)
{
    private readonly ServerFolderOption _data = new();
    private readonly Argument<string> _name = new("name") { Description = "Whose key it is, for lists and the audit log." };
    private readonly Option<KeyScope> _scope = ChoiceOption.Create(
        "--scope",
        "What it allows: reading; also requesting, changing and deleting videos; also pausing the queue.",
        ("write", KeyScope.Write),
        ("read", KeyScope.Read),
        ("admin", KeyScope.Admin)
    );

    private readonly Option<int?> _rate = BatchOptions.Count("--rate", "Requests a minute. Default: any number.", 1_000_000);

    private readonly Option<int?> _mostQueued = BatchOptions.Count(
        "--max-queued",
        "How many of its videos may be queued or running. Default: no limit.",
        1_000_000
    );

    private readonly Option<int?> _perDay = BatchOptions.Count(
        "--per-day",
        "Videos that it may ask for within 24 hours. Default: any number.",
        1_000_000
    );

    private readonly Option<int?> _uploads = BatchOptions.Count(
        "--max-upload-mb",
        "MiB of pictures and clips that it brought and that are kept at a time. Default: as many as the server keeps.",
        1_000_000
    );

    private readonly Option<bool> _own = new("--own")
    {
        Description = "Show it its own videos alone, in the videos API, the page and MCP.",
    };

    public static Command Build(CliEnvironment environment)
    {
        var self = new KeysCommand(environment);
        var add = new Command("add", "Make a key and print it; it is not kept, only its digest.")
        {
            self._name,
            self._scope,
            self._rate,
            self._mostQueued,
            self._perDay,
            self._uploads,
            self._own,
            self._data.Option,
        };
        add.SetAction(self.Add);
        var list = new Command("list", "Show the keys' names and scopes.") { self._data.Option };
        list.SetAction(self.List);
        var remove = new Command("remove", "Remove a key; a server that runs refuses it at once.") { self._name, self._data.Option };
        remove.SetAction(self.Remove);
        var command = new Command("keys", "The keys of `wan serve`: with none it answers its own machine only, and asks for none.")
        {
            add.WithExamples("wan keys add anna", "wan keys add dashboard --scope read --rate 60", "wan keys add guest --own --per-day 20"),
            list.WithExamples("wan keys list"),
            remove.WithExamples("wan keys remove anna"),
        };
        return command.WithExamples("wan keys add anna", "wan keys list", "wan keys remove anna");
    }

    private KeyFile Open(ParseResult parsed) => new(_data.Read(parsed, environment.Host), environment.Clock);

    private int Add(ParseResult parsed)
    {
        var limits = new KeyLimits
        {
            MostOpen = parsed.GetValue(_mostQueued),
            MostPerDay = parsed.GetValue(_perDay),
            MostUploadBytes = (long?)parsed.GetValue(_uploads) << 20,
            OnlyOwn = parsed.GetValue(_own),
        };
        environment.Out.WriteLine(Open(parsed).Add(parsed.GetValue(_name)!, parsed.GetValue(_scope), parsed.GetValue(_rate), limits));
        return ExitCode.Done;
    }

    private int List(ParseResult parsed)
    {
        foreach (var key in Open(parsed).All())
        {
            environment.Out.WriteLine(
                PlainText.OneLine($"{key.Name}: {string.Join(", ", Describe(key))}, since {key.CreatedAt:yyyy-MM-dd}")
            );
        }

        return ExitCode.Done;
    }

    private static IEnumerable<string> Describe(ApiKey key)
    {
        yield return key.Scope.ToString().ToLowerInvariant();
        if (key.Limits.OnlyOwn)
        {
            yield return "its own videos alone";
        }

        (long? Most, string What)[] limits =
        [
            (key.RequestsPerMinute, "requests a minute"),
            (key.Limits.MostOpen, "videos at once"),
            (key.Limits.MostPerDay, "videos a day"),
            (key.Limits.MostUploadBytes >> 20, "MiB of files"),
        ];
        foreach (var (most, what) in limits.Where(limit => limit.Most is not null))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{most} {what}");
        }
    }

    private int Remove(ParseResult parsed)
    {
        var name = parsed.GetValue(_name)!;
        var isGone = Open(parsed).Remove(name);
        var last =
            isGone && Open(parsed).All().Count == 0
                ? " It was the last one: a server that runs lets nobody in until there is another."
                : "";
        environment.Out.WriteLine(PlainText.OneLine(isGone ? $"The key '{name}' is removed.{last}" : $"There is no key '{name}'."));
        return isGone ? ExitCode.Done : ExitCode.Failed;
    }
}
