using WanSharp.Media.Images;

namespace WanSharp.Engine.Requests;

/// <summary>
/// An image that a latent frame of the clip is to show. A ti2v model takes one for any frame, and it stays clean while the
/// others are denoised; an i2v model takes one for the first frame, and flf2v one for the first and one for the last.
/// </summary>
/// <param name="Image">The picture; it is resized to the clip's size, and cropped where the shapes differ.</param>
/// <param name="LatentFrame">
/// The latent frame, 0 for the clip's first frame; from the end if negative, -1 for the last one. Latent frame 0 is one
/// frame of video, each other one four.
/// </param>
public sealed record ConditioningImage(RgbImage Image, int LatentFrame = 0);
