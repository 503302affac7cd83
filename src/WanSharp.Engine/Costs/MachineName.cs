using System.Globalization;
using System.Runtime.InteropServices;

namespace WanSharp.Engine.Costs;

/// <summary>What a report says about the machine.</summary>
public static class MachineName
{
    private const string ProcessorFile = "/proc/cpuinfo"; // of Linux; elsewhere the architecture must do

    /// <summary>The processor, how many there are, and the system.</summary>
    public static string Read()
    {
        var name = File.Exists(ProcessorFile)
            ? File.ReadLines(ProcessorFile)
                .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
                ?.Split(':', 2)[1]
                .Trim()
            : null;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{name ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} "
                + $"processors, {RuntimeInformation.OSDescription}"
        );
    }
}
