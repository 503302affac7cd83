using System.Text.Json;

namespace WanSharp.Tools.Benchmarks;

/// <summary>Adds up ONNX Runtime's profiles: files in Chrome's trace format, one per session.</summary>
internal static class OperatorProfile
{
    private const string NodeCategory = "Node";
    private const string KernelSuffix = "_kernel_time";
    private const double MicrosecondsPerSecond = 1e6;

    /// <summary>Operators by the time that they took, the slowest first.</summary>
    /// <param name="profiles">The profiles' JSON.</param>
    /// <param name="count">How many operators at most.</param>
    public static IReadOnlyList<OperatorShare> Slowest(IEnumerable<JsonElement> profiles, int count)
    {
        var events = profiles.SelectMany(profile => profile.EnumerateArray()).Where(IsKernel);
        var operators = events.GroupBy(Operator).Select(group => (Name: group.Key, Microseconds: group.Sum(Duration))).ToList();
        var all = operators.Sum(one => one.Microseconds);
        return
        [
            .. operators
                .OrderByDescending(one => one.Microseconds)
                .ThenBy(one => one.Name, StringComparer.Ordinal)
                .Take(count)
                .Select(one => new OperatorShare(one.Name, one.Microseconds / MicrosecondsPerSecond, all > 0 ? one.Microseconds / all : 0)),
        ];
    }

    /// <summary>Reads the profiles of a folder.</summary>
    public static IReadOnlyList<OperatorShare> Read(string folder, int count)
    {
        var documents = Directory.EnumerateFiles(folder, "*.json").Select(file => JsonDocument.Parse(File.ReadAllBytes(file))).ToList();
        try
        {
            return Slowest(documents.Select(document => document.RootElement), count);
        }
        finally
        {
            documents.ForEach(document => document.Dispose());
        }
    }

    private static bool IsKernel(JsonElement item) =>
        item.TryGetProperty("cat", out var category)
        && category.ValueEquals(NodeCategory)
        && item.TryGetProperty("name", out var name)
        && name.GetString()!.EndsWith(KernelSuffix, StringComparison.Ordinal);

    private static string Operator(JsonElement item) => item.GetProperty("args").GetProperty("op_name").GetString()!;

    private static double Duration(JsonElement item) => item.GetProperty("dur").GetDouble();
}
