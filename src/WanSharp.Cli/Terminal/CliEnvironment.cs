using System.Text;
using WanSharp.Hosting;
using WanSharp.Runtime;

namespace WanSharp.Cli.Terminal;

/// <summary>What surrounds the command line: streams, environment variables, the clock. Tests pass their own.</summary>
internal sealed record CliEnvironment
{
    private Action<OrtLogMessage>? _runtimeLog; // called on any thread

    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>Opens standard output as bytes, for a protocol that nothing else may be written into.</summary>
    public Func<Stream> OpenOutput { get; init; } = () => Stream.Null;

    /// <summary>Standard input, as bytes: what encoding they are in, they tell.</summary>
    public required Stream Input { get; init; }

    /// <summary>
    /// Whether somebody watches <see cref="Error"/> at a terminal that can redraw a line: progress bars are drawn only then.
    /// </summary>
    public required bool IsInteractive { get; init; }

    /// <summary>How many columns the terminal has now.</summary>
    public Func<int> Columns { get; init; } = () => 80;

    /// <summary>Reads an environment variable; null when it is not set.</summary>
    public required Func<string, string?> Variable { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>Opens models, runtimes and caches as the environment's variables say; notices go to <see cref="Error"/>.</summary>
    public WanHost Host =>
        new(
            HostOptions.FromEnvironment(Variable) with
            {
                Clock = Clock,
                Notice = notice => Error.WriteLine(PlainText.OneLine(notice)),
                Status = new StatusLine(this),
                RuntimeLog = message => _runtimeLog?.Invoke(message),
            }
        );

    /// <summary>Has ONNX Runtime's warnings written to <see cref="Error"/>: with <c>--verbose</c>, and in a server's log.</summary>
    public void ShowRuntimeLog() =>
        _runtimeLog = message =>
            Error.WriteLine(
                PlainText.OneLine($"onnxruntime: {message.Level.ToString().ToLowerInvariant()}: {message.Source}: {message.Text}")
            );

    public static CliEnvironment FromProcess()
    {
        SetCodePage();
        Func<string, string?> variable = name => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
        return new CliEnvironment
        {
            Out = new OutputText(Console.OpenStandardOutput()),
            OpenOutput = Console.OpenStandardOutput,
            Error = new OutputText(Console.OpenStandardError()),
            Input = Console.OpenStandardInput(),
            IsInteractive = TerminalScreen.IsThere(variable),
            Columns = () => TerminalScreen.Columns(variable),
            Variable = variable,
            Clock = TimeProvider.System,
        };
    }

    /// <summary>Says what could not be printed, and that the process has failed for it.</summary>
    /// <param name="exitCode">How the command ended.</param>
    public int EndWith(int exitCode)
    {
        if (Out is not OutputText { Failure: { } failure })
        {
            return exitCode;
        }

        Error.WriteLine(
            PlainText.OneLine(
                $"wan: standard output cannot be written: {failure.Message.TrimEnd('.')}. The output "
                    + "is lost; files that were written are complete."
            )
        );
        return exitCode == ExitCode.Done ? ExitCode.Failed : exitCode;
    }

    private static void SetCodePage()
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Console.OutputEncoding = Encoding.UTF8;
            }
        }
        catch (IOException)
        {
            // There is no console: files and pipes take bytes as they are.
        }
    }
}
