using System.Globalization;

namespace WanSharp.Cli.Terminal;

/// <summary>
/// Says how much of a model's files is read for their digest, which is done once for a file; nothing for what is quick, or for a
/// log.
/// </summary>
/// <param name="environment">Where to write.</param>
internal sealed class DigestProgress(CliEnvironment environment) : IProgress<double>
{
    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RedrawEvery = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly long _started = environment.Clock.GetTimestamp();
    private readonly StatusLine _line = new(environment);
    private long _drawn = environment.Clock.GetTimestamp();

    public void Report(double value)
    {
        lock (_gate)
        {
            var now = environment.Clock.GetTimestamp();
            if (environment.Clock.GetElapsedTime(_started, now) > Quick && environment.Clock.GetElapsedTime(_drawn, now) > RedrawEvery)
            {
                _drawn = now;
                _line.Report(string.Create(CultureInfo.InvariantCulture, $"reading the model's files, once for their digest: {value:P0}"));
            }
        }
    }
}
