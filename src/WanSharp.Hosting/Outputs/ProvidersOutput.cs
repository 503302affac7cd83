namespace WanSharp.Hosting.Outputs;

/// <summary>What can compute here.</summary>
/// <param name="Onnxruntime">ONNX Runtime's version.</param>
/// <param name="Library">Its file.</param>
/// <param name="Auto">The provider that <c>auto</c> is here.</param>
/// <param name="Compute">What that one computes in.</param>
/// <param name="Providers">All of them, best first.</param>
public sealed record ProvidersOutput(
    string Onnxruntime,
    string Library,
    string Auto,
    ComputeOutput Compute,
    IReadOnlyList<ProviderOutput> Providers
);
