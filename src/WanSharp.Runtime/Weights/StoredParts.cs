using WanSharp.Tensors;

namespace WanSharp.Runtime.Weights;

/// <summary>How a weight may be kept in a checkpoint otherwise than the network has it.</summary>
internal static class StoredParts
{
    private const string Joined = ".to_qkv.";

    private static readonly string[] Parts = [".to_q.", ".to_k.", ".to_v."];

    /// <summary>
    /// The names of a weight's tensors: one, or for an attention that the checkpoint keeps in three those of queries, keys and
    /// values.
    /// </summary>
    public static string[] Of(ICheckpoint checkpoint, string name)
    {
        string[] parts = [.. Parts.Select(part => name.Replace(Joined, part, StringComparison.Ordinal))];
        return name.Contains(Joined, StringComparison.Ordinal) && checkpoint.Tensors.ContainsKey(parts[0]) ? parts : [name];
    }

    /// <summary>Whether two shapes differ at most in dimensions of length 1, as those of tools do.</summary>
    public static bool Fits(Shape stored, Shape wanted) =>
        stored == wanted || stored.Dims.ToArray().Where(dim => dim != 1).SequenceEqual(wanted.Dims.ToArray().Where(dim => dim != 1));

    /// <summary>The error that names a tensor of another shape than the network needs.</summary>
    public static CheckpointException Misfit(string path, string name, Shape stored, Shape wanted) =>
        new(path, name, $"its shape is {stored}, but the network needs {wanted}; is the configuration another model's?");
}
