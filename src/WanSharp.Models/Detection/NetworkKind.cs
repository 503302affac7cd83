using WanSharp.Graphs;
using WanSharp.Models.Names;
using WanSharp.Tensors;

namespace WanSharp.Models.Detection;

/// <summary>
/// A kind of network: its names, how its dimensions are found, which weights it uses, and which of its tensors may be left unused.
/// </summary>
/// <typeparam name="T">Its dimensions.</typeparam>
/// <param name="Names">Its names.</param>
/// <param name="Detect">Tells its dimensions from its tensors.</param>
/// <param name="Slots">All weights that it uses.</param>
/// <param name="IsUnused">Whether a tensor that it does not use is known, and changes nothing of what it computes for a clip.</param>
internal sealed record NetworkKind<T>(
    NetworkNames Names,
    Func<ICheckpoint, T> Detect,
    Func<T, IEnumerable<WeightSlot>> Slots,
    Func<T, ICheckpoint, string, bool> IsUnused
)
    where T : class;
