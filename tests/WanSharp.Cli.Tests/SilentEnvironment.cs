using WanSharp.Cli.Terminal;

namespace WanSharp.Cli.Tests;

/// <summary>A terminal that nobody looks at.</summary>
internal static class SilentEnvironment
{
    public static CliEnvironment Create() =>
        new()
        {
            Out = TextWriter.Null,
            Error = TextWriter.Null,
            Input = Stream.Null,
            IsInteractive = false,
            Variable = _ => null,
            Clock = TimeProvider.System,
        };
}
