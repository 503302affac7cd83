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
        "What it may do: look; also ask for videos, change and delete them; also pause the server's queue.",
        ("write", KeyScope.Write),
        ("read", KeyScope.Read),
        ("admin", KeyScope.Admin)
    );

    private readonly Option<int?> _rate = BatchOptions.Count("--rate", "Requests a minute. Default: any number.", 1_000_000);

    public static Command Build(CliEnvironment environment)
    {
        var self = new KeysCommand(environment);
        var add = new Command("add", "Make a key and print it; it is not kept, only its digest.")
        {
            self._name,
            self._scope,
            self._rate,
            self._data.Option,
        };
        add.SetAction(self.Add);
        var list = new Command("list", "Show the keys' names and scopes.") { self._data.Option };
        list.SetAction(self.List);
        var remove = new Command("remove", "Remove a key; a server that runs refuses it at once.") { self._name, self._data.Option };
        remove.SetAction(self.Remove);
        var command = new Command("keys", "The keys of `wan serve`: with none it answers its own machine only, and asks for none.")
        {
            add.WithExamples("wan keys add anna", "wan keys add dashboard --scope read --rate 60"),
            list.WithExamples("wan keys list"),
            remove.WithExamples("wan keys remove anna"),
        };
        return command.WithExamples("wan keys add anna", "wan keys list", "wan keys remove anna");
    }

    private KeyFile Open(ParseResult parsed) => new(_data.Read(parsed, environment.Host), environment.Clock);

    private int Add(ParseResult parsed)
    {
        environment.Out.WriteLine(Open(parsed).Add(parsed.GetValue(_name)!, parsed.GetValue(_scope), parsed.GetValue(_rate)));
        return ExitCode.Done;
    }

    private int List(ParseResult parsed)
    {
        foreach (var key in Open(parsed).All())
        {
            var rate = key.RequestsPerMinute is { } most ? string.Create(CultureInfo.InvariantCulture, $", {most} requests a minute") : "";
            environment.Out.WriteLine(
                PlainText.OneLine($"{key.Name}: {key.Scope.ToString().ToLowerInvariant()}{rate}, since {key.CreatedAt:yyyy-MM-dd}")
            );
        }

        return ExitCode.Done;
    }

    private int Remove(ParseResult parsed)
    {
        var name = parsed.GetValue(_name)!;
        var isGone = Open(parsed).Remove(name);
        environment.Out.WriteLine(PlainText.OneLine(isGone ? $"The key '{name}' is removed." : $"There is no key '{name}'."));
        return isGone ? ExitCode.Done : ExitCode.Failed;
    }
}
