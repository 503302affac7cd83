using System.Text.Json.Nodes;

namespace WanSharp.Server.Comfy;

/// <summary>
/// The classes of nodes that graphs may have here, with the inputs and values that are understood: ComfyUI's own for Wan, and those of
/// ComfyUI-WanVideoWrapper and ComfyUI-VideoHelperSuite that usual graphs have. Source of the names: comfyanonymous/ComfyUI nodes.py,
/// comfy_extras/nodes_wan.py, nodes_custom_sampler.py, nodes_video.py, nodes_images.py.
/// </summary>
internal static class NodeCatalog
{
    private const string Resource = "nodes.json";

    private static readonly Dictionary<string, NodeType> Types = Load();

    /// <summary>All classes.</summary>
    public static IReadOnlyCollection<NodeType> All => Types.Values;

    /// <summary>A class; null for one that is not understood.</summary>
    public static NodeType? Find(string name) => Types.GetValueOrDefault(name);

    private static Dictionary<string, NodeType> Load()
    {
        using var stream = typeof(NodeCatalog).Assembly.GetManifestResourceStream(Resource)!;
        return JsonNode
            .Parse(stream)!
            .AsObject()
            .ToDictionary(one => one.Key, one => NodeType.Read(one.Key, one.Value!.AsObject()), StringComparer.Ordinal);
    }
}
