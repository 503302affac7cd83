namespace WanSharp.Cli.Terminal;

/// <summary>What surrounds the command line: streams, environment variables, the clock. Tests pass their own.</summary>
internal sealed record CliEnvironment
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public required TextReader In { get; init; }

    /// <summary>Whether somebody watches <see cref="Error"/>: progress bars are drawn only then.</summary>
    public required bool IsInteractive { get; init; }

    /// <summary>Reads an environment variable; null when it is not set.</summary>
    public required Func<string, string?> Variable { get; init; }

    public required TimeProvider Clock { get; init; }

    public static CliEnvironment FromProcess()
    {
        // Prompts and styles come in every language, whatever the terminal's code page says.
        Console.OutputEncoding = System.Text.Encoding.UTF8;
        return new CliEnvironment
        {
            Out = Console.Out,
            Error = Console.Error,
            In = Console.In,
            IsInteractive = !Console.IsErrorRedirected,
            Variable = name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null,
            Clock = TimeProvider.System,
        };
    }
}
