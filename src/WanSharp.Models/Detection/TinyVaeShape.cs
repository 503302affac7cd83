using WanSharp.Graphs.Networks;

namespace WanSharp.Models.Detection;

/// <summary>A tiny autoencoder's dimensions: no model's own VAE, so never taken for one.</summary>
/// <param name="Network">The dimensions.</param>
internal sealed record TinyVaeShape(VaeConfig Network);
