using WanSharp.Tools.Export;

namespace WanSharp.Cli.Terminal;

/// <summary>One line that shows how far an export is, redrawn in place; nothing where no terminal is.</summary>
/// <param name="environment">Where to draw.</param>
internal sealed class ExportProgressDisplay(CliEnvironment environment) : IProgress<ExportProgress>, IDisposable
{
    private const int BarWidth = 24;

    /// <inheritdoc/>
    public void Report(ExportProgress value)
    {
        if (environment.IsInteractive)
        {
            var filled = (int)(BarWidth * value.BytesWritten / Math.Max(1, value.BytesTotal));
            TerminalLine.Draw(environment, $"{new string('━', filled)}{new string('─', BarWidth - filled)} {value.Doing}");
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
