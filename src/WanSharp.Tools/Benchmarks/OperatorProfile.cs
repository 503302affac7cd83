using System.Text.Json;
using WanSharp.Tensors;

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
    internal static IReadOnlyList<OperatorShare> Slowest(IEnumerable<JsonElement> profiles, int count) =>
        Slowest(profiles, count, Operator);

    /// <summary>Reads the profiles of a folder.</summary>
    public static IReadOnlyList<OperatorShare> Read(string folder, int count) => Read(folder, profiles => Slowest(profiles, count));

    /// <summary>The same by layer: what the nodes of one name are in all blocks, such as <c>self_attn.q</c>.</summary>
    public static IReadOnlyList<OperatorShare> ReadLayers(string folder, int count) =>
        Read(folder, profiles => Slowest(profiles, count, LayerOf));

    /// <summary>The same by what layers do: attention, feed-forward, norms, convolutions.</summary>
    public static IReadOnlyList<OperatorShare> ReadKinds(string folder) =>
        Read(folder, profiles => Slowest(profiles, int.MaxValue, item => KindOf(LayerOf(item), Operator(item))));

    /// <summary>What a layer does, by the name that it has in its network, and by its operator where that does not say.</summary>
    internal static string KindOf(string layer, string op)
    {
        return Has("cross_attn") ? "cross-attention"
            : Has("attn") || Has("rope") ? "self-attention"
            : Has("ffn") || Has("mlp") ? "feed-forward"
            : op.Contains("Norm", StringComparison.Ordinal) || Has("norm") ? "norms"
            : op.Contains("Conv", StringComparison.Ordinal) ? "convolutions"
            : "other";

        bool Has(string part) => layer.Contains(part, StringComparison.Ordinal);
    }

    /// <summary>The layer of a node, without the number of its block.</summary>
    private static string LayerOf(JsonElement item)
    {
        var node = item.GetProperty("name").GetString()!;
        var scope = node.LastIndexOf('/');
        string[] parts = scope < 0 ? [] : node[..scope].Split('.');
        var layer = string.Join('.', parts is ["blocks", _, .. var rest] ? rest : parts);
        return layer.Length > 0 ? layer : $"({Operator(item)})";
    }

    private static IReadOnlyList<OperatorShare> Read(string folder, Func<IEnumerable<JsonElement>, IReadOnlyList<OperatorShare>> read)
    {
        var documents = Directory
            .EnumerateFiles(folder, "*.json")
            .Select(file => JsonDocument.Parse(PlainFile.ReadAllBytes(file)))
            .ToList();
        try
        {
            return read(documents.Select(document => document.RootElement));
        }
        finally
        {
            documents.ForEach(document => document.Dispose());
        }
    }

    private static IReadOnlyList<OperatorShare> Slowest(IEnumerable<JsonElement> profiles, int count, Func<JsonElement, string> nameOf)
    {
        var events = profiles.SelectMany(profile => profile.EnumerateArray()).Where(IsKernel);
        var operators = events.GroupBy(nameOf).Select(group => (Name: group.Key, Microseconds: group.Sum(Duration))).ToList();
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

    private static bool IsKernel(JsonElement item) =>
        item.TryGetProperty("cat", out var category)
        && category.ValueEquals(NodeCategory)
        && item.TryGetProperty("name", out var name)
        && name.GetString()!.EndsWith(KernelSuffix, StringComparison.Ordinal);

    private static string Operator(JsonElement item) => item.GetProperty("args").GetProperty("op_name").GetString()!;

    private static double Duration(JsonElement item) => item.GetProperty("dur").GetDouble();
}
