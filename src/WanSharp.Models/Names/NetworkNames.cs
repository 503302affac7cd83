using WanSharp.Tensors;

namespace WanSharp.Models.Names;

/// <summary>The names that a network's tensors have in the files that people have.</summary>
/// <param name="Anchors">Official names that every checkpoint of the network has: what it is recognized by.</param>
/// <param name="Prefixes">What may stand before all names, the empty prefix first.</param>
/// <param name="Layouts">Tables for the names of a checkpoint, which are given; a table may depend on how many layers there are.</param>
internal sealed record NetworkNames(IReadOnlyList<string> Anchors, IReadOnlyList<string> Prefixes, IReadOnlyList<Func<IReadOnlyCollection<string>, NameTable>> Layouts)
{
    /// <summary>The names that need no translation.</summary>
    public static NameTable Official(IReadOnlyCollection<string> names) => new();

    /// <summary>A checkpoint's tensors of this network under official names.</summary>
    /// <returns>Null if the checkpoint does not hold this network. Otherwise disposing the result disposes the checkpoint.</returns>
    public ICheckpoint? Find(ICheckpoint checkpoint)
    {
        List<string> names = [.. checkpoint.Tensors.Keys, .. checkpoint.Unsupported.Keys];
        foreach (var prefix in Prefixes)
        {
            List<string> inside = [.. names.Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Select(name => name[prefix.Length..])];
            foreach (var layout in Layouts)
            {
                var table = layout(inside);
                var official = new Dictionary<string, string>();
                foreach (var name in inside)
                {
                    official.TryAdd(table.Translate(name), prefix + name); // tied tensors appear under several names
                }

                if (Anchors.All(official.ContainsKey))
                {
                    return new RenamedCheckpoint(checkpoint, official);
                }
            }
        }

        return null;
    }
}
