using WanSharp.Media.Images;

namespace WanSharp.Engine.Requests;

/// <summary>
/// An image that a latent frame of the clip should show. A ti2v model accepts one for any frame, which stays clean while the others
/// are denoised; an i2v model accepts one for the first frame, and flf2v one each for the first and the last.
/// </summary>
/// <param name="Image">The picture; it is resized to the clip's size and cropped if the aspect ratios differ.</param>
/// <param name="LatentFrame">The latent frame: 0 is the first, and negative numbers count from the end, -1 being the last. Latent
/// frame 0 stands for one frame of video, every other one for four.</param>
public sealed record ConditioningImage(RgbImage Image, int LatentFrame = 0);
