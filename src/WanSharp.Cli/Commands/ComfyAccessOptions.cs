using System.CommandLine;
using WanSharp.Cli.Terminal;
using WanSharp.Hosting.Batches;

namespace WanSharp.Cli.Commands;

/// <summary>How to reach ComfyUI servers: how long to wait for them, and what signs in there.</summary>
internal sealed class ComfyAccessOptions
{
    private readonly Option<TimeSpan?> _wait = Amounts.TimeOption(
        "--server-wait",
        "How long to wait when no ComfyUI server can be reached, such as 10min or 8h. Default: 1h; 1min while none has answered yet."
    );

    private readonly Option<string?> _token = new("--server-token")
    {
        Description =
            $"The token that signs in to the ComfyUI servers (Authorization: Bearer). {ComfyAccess.TokenVariable} is safer: "
            + "other users can see a program's options.",
        HelpName = "TOKEN",
    };

    private readonly Option<string[]> _headers = new("--server-header")
    {
        Description =
            $"A header that signs in to the ComfyUI servers, such as \"X-Api-Key: …\"; may be given more than once. Or "
            + $"{ComfyAccess.HeadersVariable}, one per line.",
        HelpName = "NAME: VALUE",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] options = [_wait, _token, _headers];
        foreach (var option in options)
        {
            command.Options.Add(option);
        }
    }

    /// <summary>What the options say, and the variables where they say nothing.</summary>
    public ComfyAccess Read(ParseResult parsed, CliEnvironment environment)
    {
        var lines = (Variable(environment, ComfyAccess.HeadersVariable) ?? "").Split(
            '\n',
            StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries
        );
        return new ComfyAccess
        {
            Wait = parsed.GetValue(_wait),
            Token = parsed.GetValue(_token) ?? Variable(environment, ComfyAccess.TokenVariable),
            Headers = [.. parsed.GetValue(_headers) ?? [], .. lines],
            IsAsked = parsed.GetResult(_wait) is not null || parsed.GetResult(_token) is not null || parsed.GetResult(_headers) is not null,
        };
    }

    private static string? Variable(CliEnvironment environment, string name) =>
        environment.Variable(name) is { Length: > 0 } value ? value.Trim() : null;
}
