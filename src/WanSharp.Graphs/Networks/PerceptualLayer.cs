namespace WanSharp.Graphs.Networks;

/// <summary>A convolution of an image classifier, with the activation after it.</summary>
/// <param name="Place">Its place in the classifier's sequence, which is part of its weights' names.</param>
/// <param name="Channels">How many channels it makes.</param>
/// <param name="Kernel">Its kernel's height and width.</param>
/// <param name="Stride">The step between outputs.</param>
/// <param name="Padding">Zeros around the image.</param>
public sealed record PerceptualLayer(int Place, int Channels, int Kernel, int Stride, int Padding);
