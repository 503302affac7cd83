using WanSharp.Tools.Quantize;

namespace WanSharp.Cli.Terminal;

/// <summary>One line that shows what is measured, redrawn in place; nothing where no terminal is.</summary>
/// <param name="environment">Where to draw.</param>
internal sealed class CountedProgressDisplay(CliEnvironment environment) : IProgress<QuantizeProgress>, IDisposable
{
    private const int BarWidth = 24;

    /// <inheritdoc/>
    public void Report(QuantizeProgress value)
    {
        if (environment.IsInteractive)
        {
            var filled = BarWidth * value.Done / Math.Max(1, value.Total);
            TerminalLine.Draw(
                environment,
                $"{new string('━', filled)}{new string('─', BarWidth - filled)} {value.Doing} {value.Done}/{value.Total}"
            );
        }
    }

    /// <summary>Removes the line.</summary>
    public void Dispose()
    {
        if (environment.IsInteractive)
        {
            TerminalLine.Remove(environment);
        }
    }
}
