using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>A device that graphs are compiled on and for.</summary>
/// <param name="Speed">How fast it is beside the others: units of <see cref="CompileTask.Work"/> a second, or any number that is in
/// proportion. More than 0.</param>
/// <param name="Bytes">Its memory that may be used.</param>
/// <param name="Computes">The element types that it has matrix products for.</param>
public sealed record CompileDevice(double Speed, long Bytes, IReadOnlyList<DType> Computes)
{
    /// <summary>Whether a graph can be compiled on it at all.</summary>
    public bool CanTake(CompileTask task)
    {
        ArgumentNullException.ThrowIfNull(task);
        return task.Bytes <= Bytes && Computes.Contains(task.Compute);
    }
}
