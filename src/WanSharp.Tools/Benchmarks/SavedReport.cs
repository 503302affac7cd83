using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>Reads a report that a benchmark printed as JSON.</summary>
internal static class SavedReport
{
    /// <param name="path">The file.</param>
    /// <param name="type">The report's form.</param>
    /// <param name="command">The command that prints such a report.</param>
    /// <exception cref="BenchmarkException">The file cannot be read, or is not such a report.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type, string command)
        where T : class
    {
        try
        {
            using var stream = PlainFile.OpenRead(path);
            return JsonSerializer.Deserialize(stream, type)
                ?? throw new BenchmarkException($"{path} holds null, not a report of `{command} --json`.");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new BenchmarkException($"{path} is not a report of `{command} --json`: {e.Message}", e);
        }
    }
}
