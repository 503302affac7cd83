namespace WanSharp.Tensors;

/// <summary>Named tensors of a file or of a set of files, opened for reading.</summary>
/// <remarks>Tensors are views into memory maps: opening reads headers only, and a view ends when the checkpoint is
/// disposed. Reading from several threads is safe. The files must not be shortened while they are open: the operating
/// system ends a process that touches a page which is no longer there.</remarks>
public interface ICheckpoint : IDisposable
{
    /// <summary>The file, or the index of the set.</summary>
    string Path { get; }

    /// <summary>All files that it is made of, in a fixed order: what a digest of it covers.</summary>
    IReadOnlyList<string> Files => [Path];

    /// <summary>Every tensor by name, read-only.</summary>
    IReadOnlyDictionary<string, Tensor> Tensors { get; }

    /// <summary>Tensors that are there, but of an element type that <see cref="DType"/> does not have: that type by tensor name.</summary>
    IReadOnlyDictionary<string, string> Unsupported { get; }

    /// <summary>
    /// Those of <see cref="Unsupported"/> that are one number of a usual type (F64, 16-bit and unsigned integers), such as a LoRA's alpha.
    /// </summary>
    IReadOnlyDictionary<string, double> Numbers => NoNumbers;

    private static readonly IReadOnlyDictionary<string, double> NoNumbers = new Dictionary<string, double>();

    /// <summary>What the writer noted next to the tensors.</summary>
    IReadOnlyDictionary<string, string> Metadata { get; }
}
