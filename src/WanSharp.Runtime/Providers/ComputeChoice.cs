using WanSharp.Tensors;

namespace WanSharp.Runtime.Providers;

/// <summary>
/// What a transformer's matrix products and attention compute in; norms, modulation, embeddings and head stay in F32 everywhere.
/// </summary>
/// <param name="Compute">The element type of products: F32, F16 or BF16.</param>
/// <param name="Weights">The narrowest element type that keeps the checkpoint's matrices without loss and compiles on the device: e4m3
/// or e5m2 where the checkpoint has them, else the compute type.</param>
/// <param name="OffersIntegers">Whether 8-bit integers are faster, for who takes their small loss (<c>--precision int8</c>).</param>
/// <param name="Why">The reason, in a sentence.</param>
public sealed record ComputeChoice(DType Compute, DType Weights, bool OffersIntegers, string Why);
